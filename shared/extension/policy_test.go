package extension

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"howett.net/plist"
)

const listing = "abcdefghijklmnopabcdefghijklmnop"

var source = Source{Base: "https://collector.example/extension"}

// believe has this program believe a key and a store's listing while a test runs, and gives the key's id. No policy asks whether
// somebody could have made the key.
func believe(t *testing.T) (id string) {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	wasKey, wasListings := key, storeIDs
	t.Cleanup(func() { key, storeIDs = wasKey, wasListings })
	key, storeIDs = base64.StdEncoding.EncodeToString(der), listing
	ids, err := ChromiumIDs()
	if err != nil || len(ids) != 2 || ids[1] != listing {
		t.Fatal(ids, err)
	}
	return ids[0]
}

// only gives the one file there is.
func only(t *testing.T, files []File, err error) File {
	t.Helper()
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files[0]
}

// settingsIn reads the policy out of what administrators are given, as each system does.
func settingsIn(t *testing.T, b Browser, system string, file File) (settings any) {
	t.Helper()
	var policies map[string]any
	switch system {
	case Linux:
		if err := json.Unmarshal(file.Content, &policies); err != nil {
			t.Fatal(err)
		}
		if b == Firefox {
			policies = policies["policies"].(map[string]any)
		}
	case MacOS:
		if _, err := plist.Unmarshal(file.Content, &policies); err != nil {
			t.Fatal(err)
		}
		if policies["EnterprisePoliciesEnabled"] != nil != (b == Firefox) {
			t.Errorf("%s: policies are switched on: %v", b, policies["EnterprisePoliciesEnabled"])
		}
	case Windows:
		lines := strings.Split(string(file.Content), "\r\n")
		value, found := strings.CutPrefix(lines[3], `"ExtensionSettings"=`)
		if lines[0] != "Windows Registry Editor Version 5.00" || lines[2] != `[HKEY_LOCAL_MACHINE\`+PolicyPlace(b, Windows)+"]" || !found {
			t.Fatalf("%s: %q", b, file.Content)
		}
		if err := json.Unmarshal([]byte(strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(strings.Trim(value, `"`))), &settings); err != nil {
			t.Fatal(err)
		}
		return settings
	}
	return policies[PolicyName]
}

func TestEachSystemIsToldTheSamePolicy(t *testing.T) {
	id := believe(t)
	for _, b := range Browsers() {
		settings, err := Settings(b, source)
		var want any
		if err != nil || json.Unmarshal(settings, &want) != nil || !Ours(settings) {
			t.Fatal(string(settings), err)
		}
		for _, system := range []string{Linux, Windows, MacOS} {
			files, err := Policy(b, system, source)
			file := only(t, files, err)
			if got := settingsIn(t, b, system, file); !reflect.DeepEqual(got, want) {
				t.Errorf("%s on %s: %v", b, system, got)
			}
			if system == Linux && (file.Name != PolicyPlace(b, Linux) || !Ours(file.Content)) {
				t.Errorf("%s: %s is not ours: %s", b, file.Name, file.Content)
			}
		}
		of := want.(map[string]any)
		if b == Firefox {
			if s := of[FirefoxID].(map[string]any); s["install_url"] != source.Base+"/"+XPIName || s["update_url"] != source.Base+"/"+UpdatesJSON || s["installation_mode"] != "force_installed" || s["private_browsing"] != true ||
				!heldToNothing(s) {
				t.Errorf("Firefox: %v", s)
			}
			continue
		}
		s := of[id].(map[string]any)
		if s["update_url"] != source.Base+"/"+UpdatesXML || s["override_update_url"] != true || s["installation_mode"] != "force_installed" || !heldToNothing(s) {
			t.Errorf("%s: %v", b, s)
		}
		pin, state := any("force_pinned"), any(nil)
		if b == Edge {
			pin, state = nil, "force_shown"
		}
		if s["toolbar_pin"] != pin || s["toolbar_state"] != state {
			t.Errorf("%s: its button: %v", b, s)
		}
	}
}

// heldToNothing tells whether an extension is kept from every site, and from what it has no need of.
func heldToNothing(settings map[string]any) bool {
	blocked, _ := settings["blocked_permissions"].([]any)
	return reflect.DeepEqual(settings["runtime_blocked_hosts"], []any{"*://*"}) && len(blocked) == len(blockedPermissions)
}

// What the extension has a policy may not block, or browsers would not install it.
func TestWhatTheExtensionNeedsIsNotBlocked(t *testing.T) {
	for _, permission := range Permissions {
		if slices.Contains(blockedPermissions, permission) {
			t.Errorf("%s is blocked", permission)
		}
	}
	if !slices.IsSorted(blockedPermissions) {
		t.Error("not sorted")
	}
}

func TestAStoresListing(t *testing.T) {
	believe(t)
	for b, want := range map[Browser]string{Chrome: chromeStore, Chromium: chromeStore, Brave: chromeStore, Edge: edgeStore} {
		settings, err := Settings(b, Source{StoreID: listing})
		var of map[string]chromiumSettings
		if err != nil || json.Unmarshal(settings, &of) != nil || len(of) != 1 || of[listing].UpdateURL != want || of[listing].OverrideUpdateURL {
			t.Errorf("%s: %s, %v", b, settings, err)
		}
	}
	if _, err := Settings(Chrome, Source{StoreID: strings.Repeat("p", 32)}); err == nil || !strings.Contains(err.Error(), "not known to this build") {
		t.Errorf("a listing that agents refuse: %v", err)
	}
	if _, err := Settings(Firefox, Source{Base: source.Base, StoreID: listing}); err == nil || !strings.Contains(err.Error(), "Firefox has no store") {
		t.Errorf("what was asked for is not what Firefox does: %v", err)
	}
}

func TestWhereACollectorIs(t *testing.T) {
	for _, address := range []string{"https://collector.example", "https://collector.example/", "https://collector.example/extension", "https://[2001:db8::1]:8443", "http://127.0.0.1:8444", "http://localhost:80/"} {
		from, err := SourceOf(address)
		if err != nil || !strings.HasSuffix(from.Base, "/extension") || strings.Count(from.Base, "extension") != 1 {
			t.Errorf("%s: %+v, %v", address, from, err)
		}
	}
	for _, address := range []string{"", "collector.example", "https://", "http://collector.example", "ftp://collector.example", "https://a:b@collector.example",
		"https://collector.example/?a=b", "https://collector.example/#a", "https://collector.example/a b", "https://collector.example/<&>", "https://köln.example",
		"https://collector.example/\"", "https://%", "http://127.0.0.1.example"} {
		if from, err := SourceOf(address); err == nil {
			t.Errorf("%q: %+v", address, from)
		}
	}
}

func TestHostManifests(t *testing.T) {
	id := believe(t)
	const program = `C:\Program Files\Dayline\dayline-agent.exe`
	for _, b := range Browsers() {
		for _, system := range []string{Linux, Windows, MacOS} {
			files, err := HostManifests(b, system, program)
			if err != nil || len(files) == 0 || len(Programs(b, system)) == 0 || PolicyPlace(b, system) == "" || b.Name() == "" {
				t.Fatalf("%s on %s is not known: %v", b, system, err)
			}
			for i, file := range files {
				var manifest map[string]any
				if err := json.Unmarshal(file.Content, &manifest); err != nil {
					t.Fatal(err)
				}
				want := map[string]any{"name": Host, "description": manifest["description"], "type": "stdio", "path": program}
				if b == Firefox {
					want["allowed_extensions"] = []any{FirefoxID}
				} else {
					want["allowed_origins"] = []any{"chrome-extension://" + id + "/", "chrome-extension://" + listing + "/"}
				}
				if !reflect.DeepEqual(manifest, want) || manifest["description"] == "" {
					t.Errorf("%s on %s: %s", b, system, file.Content)
				}
				if system != Windows && (file.Name != HostPlaces(b, system)[i] || path.Base(file.Name) != Host+".json" || !path.IsAbs(file.Name)) {
					t.Errorf("%s on %s: it lies at %s", b, system, file.Name)
				}
				if system == Windows && (len(files) != 1 || !strings.HasPrefix(file.Name, Host+".")) {
					t.Errorf("%s: %s", b, file.Name)
				}
			}
		}
	}
	for _, key := range HostPlaces(Brave, Windows) {
		if !strings.HasPrefix(key, `SOFTWARE\`) || !strings.HasSuffix(key, `\NativeMessagingHosts\`+Host) {
			t.Errorf("no key of hosts: %s", key)
		}
	}
}

func TestABuildWithoutAKeySaysSo(t *testing.T) {
	believe(t)
	key = ""
	for _, b := range Browsers() {
		_, hosts := HostManifests(b, Linux, "/a")
		_, policy := Policy(b, Windows, source)
		if b == Firefox != (hosts == nil) || b == Firefox != (policy == nil) || b != Firefox && (!errors.Is(hosts, ErrNoKey) || !errors.Is(policy, ErrNoKey)) {
			t.Errorf("%s: %v, %v", b, hosts, policy)
		}
	}
	for _, unknown := range []struct {
		b      Browser
		system string
	}{{"safari", MacOS}, {Chrome, "plan9"}, {"", ""}} {
		if _, err := Policy(unknown.b, unknown.system, source); err == nil {
			t.Errorf("a policy for %v", unknown)
		}
		if _, err := HostManifests(unknown.b, unknown.system, "/a"); err == nil {
			t.Errorf("a manifest for %v", unknown)
		}
	}
}

func TestOnlyWhatIsAllOursIsOurs(t *testing.T) {
	id := believe(t)
	for policy, want := range map[string]bool{
		`{"` + id + `":{}}`: true,
		`{"` + listing + `":{},"extension@dayline.org":{}}`:                              true,
		`{"ExtensionSettings":{"` + id + `":{}}}`:                                        true,
		`{"policies":{"ExtensionSettings":{"extension@dayline.org":{}}}}`:                true,
		`{"policies":{"ExtensionSettings":{"extension@dayline.org":{}},"DisableX":{}}}`:  false,
		`{"ExtensionSettings":{"` + id + `":{}},"HomepageLocation":"https://a.example"}`: false,
		`{"` + id + `":{},"*":{"installation_mode":"blocked"}}`:                          false,
		`{"ExtensionSettings":{}}`:                                                       false,
		`{}`:                                                                             false,
		``:                                                                               false,
		`[]`:                                                                             false,
		`{"policies":[]}`:                                                                false,
	} {
		if Ours([]byte(policy)) != want {
			t.Errorf("%s is ours: %v", policy, !want)
		}
	}
	if deep := bytes.Repeat([]byte(`{"policies":`), 1000); Ours(append(deep, bytes.Repeat([]byte("}"), 1000)...)) {
		t.Error("nothing is ours")
	}
}
