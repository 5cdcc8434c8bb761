// Package mdm writes the configuration profiles by which device management prepares Macs for the agent: the permission that
// it needs, its place among what runs in the background, the string by which it enrols, and its browsers' extension. Payload types and their keys are
// those that Apple publishes (github.com/apple/device-management, mdm/profiles). The same kit always gives the same bytes.
package mdm

import (
	"bytes"
	"crypto/sha1"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"unicode/utf8"

	"howett.net/plist"

	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
)

// What the agent for macOS is called, as in its bundle and its property lists for launchd.
const (
	// BundleID is the app's identifier, and the domain of its managed preferences.
	BundleID = "org.dayline.agent"
	// EnrollmentKey is the managed preference that an agent which is not enrolled enrols by.
	EnrollmentKey = "EnrollmentString"
	// LabelPrefix begins the labels of its service and of its helper in each session.
	LabelPrefix = "org.dayline."
)

const maxOrganizationRunes = 100

// Kit is what the profiles of one installation say.
type Kit struct {
	// Organization is shown to people beside each profile.
	Organization string
	// Requirement is the app's designated requirement in Apple's language: whose signature the permission is for.
	Requirement string
	// Team is the identifier of the team of a Developer ID; empty without one.
	Team string
	// EnrollmentString of a link for macOS; without one there is no profile for it.
	EnrollmentString string
	// Policies have browsers install the extension: property lists, each named for its browser's domain (extension.Policy).
	Policies []extension.File
}

// File is one of the kit's.
type File struct {
	Name    string
	Content []byte
}

type dict = map[string]any

// profile is a file with one payload.
type profile struct {
	// name is the file's without its ending, and the end of the profile's identifier.
	name, title, description string
	payloadType              string
	payload                  dict
}

// Files are the profiles and a README, by name. What is wrong with the kit is said in words for the administrator.
func (k *Kit) Files() ([]File, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	profiles := []profile{k.accessibility(), k.background()}
	if k.EnrollmentString != "" {
		profiles = append(profiles, k.enrollment())
	}
	browsers, err := k.browsers()
	if err != nil {
		return nil, err
	}
	profiles = append(profiles, browsers...)
	readme, err := k.readme()
	if err != nil {
		return nil, err
	}
	files := []File{readme}
	for _, p := range profiles {
		content, err := k.encode(p)
		if err != nil {
			return nil, fmt.Errorf("mdm: %s: %w", p.name, err)
		}
		files = append(files, File{"dayline-" + p.name + ".mobileconfig", content})
	}
	return files, nil
}

func (k *Kit) check() error {
	if err := checkOrganization(k.Organization); err != nil {
		return err
	}
	if err := checkRequirement(k.Requirement); err != nil {
		return err
	}
	if k.EnrollmentString == "" {
		return nil
	}
	_, err := token.Parse(k.EnrollmentString)
	return err
}

// checkOrganization tells what is wrong with the name of an organisation.
func checkOrganization(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("the organization needs a name")
	case !utf8.ValidString(name), stream.Printable(name) != name, strings.ContainsAny(name, "\ufffe\uffff"):
		return errors.New("the organization's name has characters that cannot be shown")
	case utf8.RuneCountInString(name) > maxOrganizationRunes:
		return fmt.Errorf("the organization's name is longer than %d characters", maxOrganizationRunes)
	}
	return nil
}

// What a requirement may be: codesign's of somebody's own certificate, and the forms of it that name the team of a Developer ID.
const (
	identifier = `identifier "` + BundleID + `"`
	exists     = `(?: /\* exists \*/)?`
	ofTeam     = `(?:certificate 1\[field\.1\.2\.840\.113635\.100\.6\.2\.6\]` + exists + ` and )?` +
		`(?:certificate leaf\[field\.1\.2\.840\.113635\.100\.6\.1\.13\]` + exists + ` and )?certificate leaf\[subject\.OU\] = "?[A-Z0-9]{10}"?`
	ofStoreOrTeam = `\(certificate leaf\[field\.1\.2\.840\.113635\.100\.6\.1\.9\]` + exists + ` or ` + ofTeam + `\)`
)

var requirements = regexp.MustCompile(`^(?:` + identifier + ` and certificate leaf = H"[0-9a-fA-F]{40}"|(?:` +
	identifier + ` and anchor apple generic|anchor apple generic and ` + identifier + `) and (?:` + ofTeam + `|` + ofStoreOrTeam + `))$`)

// checkRequirement tells what is wrong with a designated requirement: it has to name the agent and the certificate that
// every release is signed with, since all else would grant the permission to a single build, or to anybody.
func checkRequirement(text string) error {
	switch {
	case text == "":
		return errors.New("the requirement is empty")
	case strings.Contains(text, "cdhash"):
		return errors.New("the requirement names a single build (cdhash), as that of an app that is signed ad hoc does: with its next update the " +
			"agent would lose the permission; sign the app with a certificate (docs/macos.md)")
	case !strings.Contains(text, identifier):
		return fmt.Errorf("the requirement is not the agent's: it lacks %s", identifier)
	case !requirements.MatchString(text):
		return fmt.Errorf("the requirement is neither %s and certificate leaf = H\"…\" nor that of a Developer ID with its team: something else that "+
			"calls itself %s might get the permission", identifier, BundleID)
	}
	return nil
}

// accessibility grants what titles and addresses are read by. It holds for the whole bundle, and so for service and helper.
func (k *Kit) accessibility() profile {
	return profile{
		name: "accessibility", title: "Dayline: permission",
		description: "Lets the agent read window titles and page addresses by accessibility. It asks for no other permission.",
		payloadType: "com.apple.TCC.configuration-profile-policy",
		payload: dict{"Services": dict{"Accessibility": []dict{{
			"Identifier": BundleID, "IdentifierType": "bundleID", "CodeRequirement": k.Requirement,
			// Authorization would say the same; never both.
			"Allowed": true, "StaticCode": false,
		}}}},
	}
}

// background keeps the agent on among the login items: no word about it to people, and no switch.
func (k *Kit) background() profile {
	rule := dict{"RuleType": "LabelPrefix", "RuleValue": LabelPrefix, "Comment": "Dayline: service and session agent"}
	if k.Team != "" {
		rule["TeamIdentifier"] = k.Team
	}
	return profile{
		name: "background", title: "Dayline: background items",
		description: "Keeps the agent on in System Settings, General, Login Items.",
		payloadType: "com.apple.servicemanagement",
		payload:     dict{"Rules": []dict{rule}},
	}
}

// enrollment hands the string to agents that are not enrolled.
func (k *Kit) enrollment() profile {
	return profile{
		name: "enrollment", title: "Dayline: enrolment",
		description: "Tells the agent which collector it belongs to.",
		payloadType: "com.apple.ManagedClient.preferences",
		payload: dict{"PayloadContent": dict{BundleID: dict{"Forced": []dict{
			{"mcx_preference_settings": dict{EnrollmentKey: k.EnrollmentString}},
		}}}},
	}
}

// domain of the browser that a policy is for.
func domain(policy extension.File) string { return strings.TrimSuffix(policy.Name, ".plist") }

// browsers have each browser install the extension and keep it. A browser's payload is called by its domain.
func (k *Kit) browsers() (profiles []profile, err error) {
	for _, policy := range k.Policies {
		settings := dict{}
		if _, err := plist.Unmarshal(policy.Content, &settings); err != nil {
			return nil, fmt.Errorf("mdm: %s: %w", policy.Name, err)
		}
		profiles = append(profiles, profile{
			name: domain(policy), title: "Dayline: browser extension for " + domain(policy),
			description: "Installs the extension that tells the agent which page is in front, and lets it have nothing more than it has.",
			payloadType: domain(policy), payload: settings,
		})
	}
	return profiles, nil
}

// encode writes a profile, for the computer and not for a person. A newer one takes the place of an older: identifiers are
// the same everywhere, since a Mac has one agent, and each organisation has UUIDs of its own that never change.
func (k *Kit) encode(p profile) ([]byte, error) {
	identifier := BundleID + "." + p.name
	common := func(content dict, identifier, kind string) dict {
		content["PayloadIdentifier"], content["PayloadUUID"] = identifier, uuid(k.Organization+"\n"+identifier)
		content["PayloadType"], content["PayloadVersion"] = kind, 1
		content["PayloadDisplayName"], content["PayloadOrganization"] = p.title, k.Organization
		return content
	}
	text, err := plist.MarshalIndent(common(dict{
		"PayloadContent":     []dict{common(p.payload, identifier+".payload", p.payloadType)},
		"PayloadDescription": p.description, "PayloadScope": "System",
		// A Mac.
		"TargetDeviceType": 5,
	}, identifier, "Configuration"), plist.XMLFormat, "\t")
	// XML needs no escape for quotation marks in a text, and people compare the requirement with what codesign prints.
	return append(bytes.ReplaceAll(text, []byte("&#34;"), []byte(`"`)), '\n'), err
}

// namespace of our UUIDs, made once.
var namespace = [16]byte{0x5d, 0x0c, 0x1e, 0x7a, 0x93, 0x46, 0x4b, 0x62, 0x8f, 0x2b, 0x3a, 0xd1, 0xc4, 0x70, 0x9e, 0x15}

// uuid of a name, version 5 (RFC 9562, 5.5).
func uuid(name string) string {
	sum := sha1.Sum(append(namespace[:], name...))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
}

//go:embed readme.md
var readmeText string

var readmeTemplate = template.Must(template.New("readme").Funcs(template.FuncMap{"domain": domain}).Parse(readmeText))

func (k *Kit) readme() (File, error) {
	var text bytes.Buffer
	err := readmeTemplate.Execute(&text, struct {
		*Kit
		BundleID, EnrollmentKey, LabelPrefix string
	}{k, BundleID, EnrollmentKey, LabelPrefix})
	return File{"README.md", text.Bytes()}, err
}
