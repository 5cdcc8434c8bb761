package extension

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Source is where browsers get the extension.
type Source struct {
	// Base is below which a collector serves it: https://collector.example/extension.
	Base string
	// StoreID is what a store calls its listing; where it is set, browsers of Chromium's kind go to their store. Firefox has none.
	StoreID string
}

// What a collector serves below the base for updates: UpdatesXML to browsers of Chromium's kind, UpdatesJSON to Firefox.
const (
	UpdatesXML  = "updates.xml"
	UpdatesJSON = "updates.json"
)

// Stores' addresses of what they list.
const (
	chromeStore = "https://clients2.google.com/service/update2/crx"
	edgeStore   = "https://edge.microsoft.com/extensionwebstorebase/v1/crx"
)

// PolicyName is what all browsers call the policy.
const PolicyName = "ExtensionSettings"

// SourceOf is the collector's at an address that people reach its pages by.
func SourceOf(collector string) (Source, error) {
	base := strings.TrimSuffix(strings.TrimRight(collector, "/"), "/extension") + "/extension"
	if err := checkBase(base); err != nil {
		return Source{}, err
	}
	return Source{Base: base}, nil
}

// checkBase: what is not encrypted on its way anybody may exchange, and Firefox has no other proof of whose it is.
func checkBase(base string) error {
	address, err := url.Parse(base)
	switch {
	case err != nil || address.Host == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" || strings.ContainsFunc(base, notPlain):
		return fmt.Errorf("extension: %q is not the address of a collector; it is such as https://collector.example", base)
	case address.Scheme == "https":
		return nil
	case address.Scheme == "http" && (address.Hostname() == "localhost" || net.ParseIP(address.Hostname()).IsLoopback()):
		return nil
	}
	return fmt.Errorf("extension: %s: browsers are to get the extension by https", base)
}

func notPlain(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\<>&%$`, r) }

// chromiumSettings are ExtensionSettings of one extension: https://chromeenterprise.google/policies/#ExtensionSettings
type chromiumSettings struct {
	InstallationMode  string `json:"installation_mode"`
	UpdateURL         string `json:"update_url"`
	OverrideUpdateURL bool   `json:"override_update_url,omitempty"`
	ToolbarPin        string `json:"toolbar_pin,omitempty"`
	// ToolbarState is Edge's word for it: https://learn.microsoft.com/deployedge/microsoft-edge-manage-extensions-ref-guide
	ToolbarState        string   `json:"toolbar_state,omitempty"`
	RuntimeBlockedHosts []string `json:"runtime_blocked_hosts"`
	BlockedPermissions  []string `json:"blocked_permissions"`
}

// firefoxSettings are the same of Firefox, which passes over what it does not know yet: what is blocked it heeds from 153 on.
// https://mozilla.github.io/policy-templates/#extensionsettings
type firefoxSettings struct {
	InstallationMode    string   `json:"installation_mode"`
	InstallURL          string   `json:"install_url"`
	UpdateURL           string   `json:"update_url"`
	DefaultArea         string   `json:"default_area"`
	PrivateBrowsing     bool     `json:"private_browsing"`
	RuntimeBlockedHosts []string `json:"runtime_blocked_hosts"`
	BlockedPermissions  []string `json:"blocked_permissions"`
}

// blockedPermissions are those that let an extension read or change more than ours does: whatever a later version asks for, a
// browser with this policy does not give it.
var blockedPermissions = []string{
	"activeTab", "background", "bookmarks", "browsingData", "clipboardRead", "clipboardWrite", "contentSettings", "cookies", "debugger",
	"declarativeContent", "declarativeNetRequest", "declarativeNetRequestFeedback", "declarativeNetRequestWithHostAccess", "desktopCapture",
	"downloads", "geolocation", "history", "identity", "identity.email", "management", "offscreen", "pageCapture", "privacy", "proxy",
	"readingList", "scripting", "sessions", "tabCapture", "topSites", "ttsEngine", "userScripts", "webAuthenticationProxy", "webNavigation",
	"webRequest", "webRequestAuthProvider", "webRequestBlocking",
}

// everyHost is where an extension may not run.
var everyHost = []string{"*://*"}

// Settings is the value of the policy ExtensionSettings that installs the extension in a browser and keeps it there, with no more
// than it has now, in JSON.
func Settings(b Browser, source Source) ([]byte, error) {
	if b == Firefox {
		if source.StoreID != "" {
			return nil, errors.New("extension: Firefox has no store's listing: it takes what Mozilla signed from the collector")
		}
		if err := checkBase(source.Base); err != nil {
			return nil, err
		}
		// Allowed in private windows, which it then tells to be private, and nothing else of them.
		// Of the install_url it never asks twice.
		return json.Marshal(map[string]firefoxSettings{FirefoxID: {
			InstallationMode: "force_installed", InstallURL: source.Base + "/" + XPIName, UpdateURL: source.Base + "/" + UpdatesJSON,
			DefaultArea: "navbar", PrivateBrowsing: true, RuntimeBlockedHosts: everyHost, BlockedPermissions: blockedPermissions,
		}})
	}
	ids, err := ChromiumIDs()
	if err != nil {
		return nil, err
	}
	id, settings := ids[0], chromiumSettings{
		InstallationMode: "force_installed", UpdateURL: source.Base + "/" + UpdatesXML, OverrideUpdateURL: true, ToolbarPin: "force_pinned",
		RuntimeBlockedHosts: everyHost, BlockedPermissions: blockedPermissions,
	}
	if b == Edge {
		settings.ToolbarPin, settings.ToolbarState = "", "force_shown"
	}
	if source.StoreID == "" {
		if err := checkBase(source.Base); err != nil {
			return nil, err
		}
		return json.Marshal(map[string]chromiumSettings{id: settings})
	}
	if !slices.Contains(ids, source.StoreID) {
		return nil, fmt.Errorf("extension: a listing %q is not known to this build, whose agents would refuse its word", source.StoreID)
	}
	settings.UpdateURL, settings.OverrideUpdateURL = chromeStore, false
	if b == Edge {
		settings.UpdateURL = edgeStore
	}
	return json.Marshal(map[string]chromiumSettings{source.StoreID: settings})
}

// Policy is Settings as a system's administrators hand them out: on Linux the file by its place, on Windows one for the registry's
// editor, on a Mac the property list of the browser's domain, which counts where a management profile carries it.
func Policy(b Browser, system string, source Source) ([]File, error) {
	at, known := table[b].on[system]
	if !known {
		return nil, fmt.Errorf("extension: policy: no browser %q on %q is known", b, system)
	}
	settings, err := Settings(b, source)
	if err != nil {
		return nil, err
	}
	switch system {
	case Windows:
		return []File{{"dayline-" + string(b) + ".reg", registryFile(at.policy, settings)}}, nil
	case MacOS:
		list, err := propertyList(b, settings)
		if err != nil {
			return nil, fmt.Errorf("extension: policy: %w", err)
		}
		return []File{{at.policy + ".plist", list}}, nil
	}
	policies := any(map[string]json.RawMessage{PolicyName: settings})
	if b == Firefox {
		policies = map[string]any{"policies": policies}
	}
	content, err := json.MarshalIndent(policies, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("extension: policy: %w", err)
	}
	return []File{{at.policy, append(content, '\n')}}, nil
}

// PolicyPlace is where a browser's policy is: on Linux a file; on Windows the key, below HKEY_LOCAL_MACHINE, of which PolicyName is
// a value, JSON in a string; on a Mac the domain of preferences.
func PolicyPlace(b Browser, system string) string { return table[b].on[system].policy }

// registryFile is what the registry's editor reads.
func registryFile(key string, settings []byte) []byte {
	value := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(settings))
	return fmt.Appendf(nil, "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\%s]\r\n\"%s\"=\"%s\"\r\n", key, PolicyName, value)
}

const plistHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`

// propertyList is a domain's; Firefox heeds its own only where they are switched on.
func propertyList(b Browser, settings []byte) ([]byte, error) {
	var value any
	if err := json.Unmarshal(settings, &value); err != nil {
		return nil, err
	}
	domain := map[string]any{PolicyName: value}
	if b == Firefox {
		domain["EnterprisePoliciesEnabled"] = true
	}
	list := bytes.NewBufferString(plistHead)
	writePlist(list, domain)
	list.WriteString("</plist>\n")
	return list.Bytes(), nil
}

// writePlist writes what settings are made of; none of it needs escaping (checkBase).
func writePlist(to *bytes.Buffer, value any) {
	switch value := value.(type) {
	case map[string]any:
		to.WriteString("<dict>\n")
		for _, key := range slices.Sorted(maps.Keys(value)) {
			fmt.Fprintf(to, "<key>%s</key>\n", key)
			writePlist(to, value[key])
		}
		to.WriteString("</dict>\n")
	case []any:
		to.WriteString("<array>\n")
		for _, element := range value {
			writePlist(to, element)
		}
		to.WriteString("</array>\n")
	case bool:
		fmt.Fprintf(to, "<%t/>\n", value)
	default:
		fmt.Fprintf(to, "<string>%v</string>\n", value)
	}
}

// Ours tells of the value of ExtensionSettings, or of a file of policies, that it says nothing but what to do with our extension.
func Ours(policy []byte) bool {
	var settings map[string]json.RawMessage
	if json.Unmarshal(policy, &settings) != nil || len(settings) == 0 {
		return false
	}
	for _, outer := range []string{"policies", PolicyName} {
		if inner, wrapped := settings[outer]; wrapped && len(settings) == 1 {
			return Ours(inner)
		}
	}
	ids, err := ChromiumIDs()
	if err != nil && !errors.Is(err, ErrNoKey) {
		return false
	}
	for id := range settings {
		if id != FirefoxID && !slices.Contains(ids, id) {
			return false
		}
	}
	return true
}
