package mdm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"howett.net/plist"

	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/token"
)

const own = `identifier "org.dayline.agent" and certificate leaf = H"0123456789abcdef0123456789abcdef01234567"`

func enrollmentString() string {
	return token.Token{Addresses: []string{"dayline.example.com:8443"}, Trust: token.TrustSystem, Secret: strings.Repeat("s", 43)}.Encode()
}

func kit() Kit {
	policies, err := extension.Policy(extension.Firefox, extension.MacOS, extension.Source{Base: "https://dayline.example.com/extension"})
	if err != nil {
		panic(err)
	}
	return Kit{Organization: "Müller & Söhne <GmbH>", Requirement: own, EnrollmentString: enrollmentString(), Policies: policies}
}

// profilesOf reads the profiles of a kit back, by name.
func profilesOf(t *testing.T, k Kit) (profiles map[string]dict, readme string) {
	t.Helper()
	files, err := k.Files()
	if err != nil {
		t.Fatal(err)
	}
	profiles = map[string]dict{}
	for _, file := range files {
		if file.Name == "README.md" {
			readme = string(file.Content)
			continue
		}
		var profile dict
		if format, err := plist.Unmarshal(file.Content, &profile); err != nil || format != plist.XMLFormat {
			t.Fatalf("%s: format %d, %v", file.Name, format, err)
		}
		profiles[file.Name] = profile
	}
	return profiles, readme
}

// The keys that Apple's schema has, those in capitals required (github.com/apple/device-management, mdm/profiles: TopLevel,
// CommonPayloadKeys, and one file for each payload type).
var (
	commonKeys = keys("PayloadIdentifier! PayloadUUID! PayloadType! PayloadVersion! PayloadDescription PayloadDisplayName PayloadOrganization")
	topKeys    = keys("PayloadContent! PayloadScope TargetDeviceType PayloadRemovalDisallowed RemovalDate DurationUntilRemoval ConsentText HasRemovalPasscode")
	payloads   = map[string]map[string]bool{
		"com.apple.TCC.configuration-profile-policy": keys("Services!"),
		"com.apple.servicemanagement":                keys("Rules!"),
		"com.apple.ManagedClient.preferences":        keys("PayloadContent!"),
		// Mozilla's (github.com/mozilla/policy-templates, mac).
		"org.mozilla.firefox": keys("EnterprisePoliciesEnabled! ExtensionSettings!"),
	}
	// Allowed or Authorization, never both.
	identityKeys = keys("Identifier! IdentifierType! CodeRequirement! StaticCode Allowed! Comment")
	ruleKeys     = keys("RuleType! RuleValue! Comment TeamIdentifier")
)

// keys are those of a dictionary, true where it must have one.
func keys(text string) map[string]bool {
	all := map[string]bool{}
	for key := range strings.FieldsSeq(text) {
		name, required := strings.CutSuffix(key, "!")
		all[name] = required
	}
	return all
}

// fits tells what a dictionary lacks of Apple's keys, and has beyond them.
func fits(d dict, schema ...map[string]bool) (faults []string) {
	known := map[string]bool{}
	for _, one := range schema {
		maps.Copy(known, one)
	}
	for key := range d {
		if _, found := known[key]; !found {
			faults = append(faults, "unknown "+key)
		}
	}
	for key, required := range known {
		if _, found := d[key]; required && !found {
			faults = append(faults, "no "+key)
		}
	}
	slices.Sort(faults)
	return faults
}

func TestProfilesAreAsAppleDescribesThem(t *testing.T) {
	k := kit()
	k.Team = "ABCDE12345"
	profiles, _ := profilesOf(t, k)
	uuids := map[any]bool{}
	isUUID := regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$`)
	for name, profile := range profiles {
		if faults := fits(profile, commonKeys, topKeys); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
		payload := profile["PayloadContent"].([]any)[0].(dict)
		kind, _ := payload["PayloadType"].(string)
		if payloads[kind] == nil || profile["PayloadType"] != "Configuration" || profile["PayloadScope"] != "System" {
			t.Errorf("%s is a %q of %q for %q", name, profile["PayloadType"], kind, profile["PayloadScope"])
		}
		if faults := fits(payload, commonKeys, payloads[kind]); len(faults) > 0 {
			t.Errorf("%s: payload: %v", name, faults)
		}
		for _, d := range []dict{profile, payload} {
			id := d["PayloadUUID"]
			if uuids[id] || !isUUID.MatchString(id.(string)) || d["PayloadVersion"] != uint64(1) || d["PayloadOrganization"] != k.Organization {
				t.Errorf("%s: %v %v of %v", name, id, d["PayloadVersion"], d["PayloadOrganization"])
			}
			uuids[id] = true
		}
	}
	content := func(name string) dict {
		return profiles["dayline-"+name+".mobileconfig"]["PayloadContent"].([]any)[0].(dict)
	}
	services := content("accessibility")["Services"].(dict)
	identity := services["Accessibility"].([]any)[0].(dict)
	if faults := fits(identity, identityKeys); len(services) != 1 || len(faults) > 0 || identity["Identifier"] != "org.dayline.agent" ||
		identity["IdentifierType"] != "bundleID" || identity["CodeRequirement"] != own || identity["Allowed"] != true || identity["StaticCode"] != false {
		t.Errorf("permission %v: %v", services, faults)
	}
	rule := content("background")["Rules"].([]any)[0].(dict)
	if faults := fits(rule, ruleKeys); len(faults) > 0 || rule["RuleType"] != "LabelPrefix" || rule["RuleValue"] != "org.dayline." || rule["TeamIdentifier"] != "ABCDE12345" {
		t.Errorf("rule %v: %v", rule, faults)
	}
	// What the agent reads: /Library/Managed Preferences/org.dayline.agent.plist, EnrollmentString.
	want := dict{"org.dayline.agent": dict{"Forced": []any{dict{"mcx_preference_settings": dict{"EnrollmentString": enrollmentString()}}}}}
	if got := content("enrollment")["PayloadContent"]; !reflect.DeepEqual(got, any(want)) {
		t.Errorf("preferences %v", got)
	}
	browser := content("org.mozilla.firefox")
	if settings := browser["ExtensionSettings"].(dict)[extension.FirefoxID].(dict); browser["EnterprisePoliciesEnabled"] != true ||
		settings["installation_mode"] != "force_installed" || settings["install_url"] != "https://dayline.example.com/extension/"+extension.XPIName {
		t.Errorf("browser %v", browser)
	}
}

// Another reader of property lists, python's, sees the same.
func TestAnotherReaderSeesTheSame(t *testing.T) {
	k := kit()
	files, err := k.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files[1:] {
		python := exec.CommandContext(t.Context(), "/usr/bin/python3", "-c", "import json, plistlib, sys; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)")
		python.Stdin = bytes.NewReader(file.Content)
		text, err := python.Output()
		if err != nil {
			t.Fatalf("%s: %v", file.Name, err)
		}
		var ours, theirs any
		if _, err := plist.Unmarshal(file.Content, &ours); err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(ours)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(encoded, &ours); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &theirs); err != nil || !reflect.DeepEqual(ours, theirs) {
			t.Errorf("%s: %v\n%v\n%v", file.Name, err, ours, theirs)
		}
	}
}

func TestAKitDiffersByItsStringAlone(t *testing.T) {
	k, again := kit(), kit()
	again.EnrollmentString = token.Token{Addresses: []string{"other.example:1"}, Trust: token.TrustSystem, Secret: strings.Repeat("t", 43)}.Encode()
	files, err := k.Files()
	if err != nil {
		t.Fatal(err)
	}
	others, err := again.Files()
	if err != nil {
		t.Fatal(err)
	}
	for n, file := range files {
		other := bytes.ReplaceAll(others[n].Content, []byte(again.EnrollmentString), []byte(k.EnrollmentString))
		if file.Name != others[n].Name || !bytes.Equal(file.Content, other) {
			t.Errorf("%s differs", file.Name)
		}
		if holds := bytes.Contains(file.Content, []byte(k.EnrollmentString)); holds != strings.Contains(file.Name, "enrollment") {
			t.Errorf("%s holds the string: %v", file.Name, holds)
		}
	}
	another := kit()
	another.Organization = "Another"
	a, _ := profilesOf(t, k)
	b, _ := profilesOf(t, another)
	for name := range a {
		if a[name]["PayloadUUID"] == b[name]["PayloadUUID"] || a[name]["PayloadIdentifier"] != b[name]["PayloadIdentifier"] {
			t.Errorf("%s of two organisations: %v %v", name, a[name], b[name])
		}
	}
}

func TestReadme(t *testing.T) {
	k := kit()
	profiles, readme := profilesOf(t, k)
	for name := range profiles {
		if !strings.Contains(readme, "`"+name+"`") {
			t.Errorf("%s is not explained", name)
		}
	}
	if !strings.Contains(readme, own) || strings.Contains(readme, "<no value>") {
		t.Error(readme)
	}
	k.EnrollmentString, k.Team, k.Policies = "", "ABCDE12345", nil
	profiles, readme = profilesOf(t, k)
	if len(profiles) != 2 || strings.Contains(readme, "enrollment") || strings.Contains(readme, "browser") || !strings.Contains(readme, "team `ABCDE12345`") {
		t.Errorf("%d profiles; %s", len(profiles), readme)
	}
}

func TestWhatIsNoKitIsRefused(t *testing.T) {
	for want, change := range map[string]func(k *Kit){
		"needs a name":       func(k *Kit) { k.Organization = " " },
		"cannot be shown":    func(k *Kit) { k.Organization = "a\x00b" },
		"be shown":           func(k *Kit) { k.Organization = "a\ufffeb" },
		"longer than 100":    func(k *Kit) { k.Organization = strings.Repeat("é", 101) },
		"enrolment string":   func(k *Kit) { k.EnrollmentString += "x" },
		"is empty":           func(k *Kit) { k.Requirement = "" },
		"single build":       func(k *Kit) { k.Requirement = `cdhash H"0123456789abcdef0123456789abcdef01234567"` },
		"is not the agent's": func(k *Kit) { k.Requirement = strings.ReplaceAll(own, "dayline", "other") },
	} {
		k := kit()
		change(&k)
		if _, err := k.Files(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// Whoever signs a program of that name would be granted what is ours.
func TestRequirementsThatOthersMeet(t *testing.T) {
	const named = `identifier "org.dayline.agent"`
	for _, text := range []string{
		named, named + " and anchor apple generic", named + " and anchor apple", strings.Replace(own, " and ", " or ", 1), own + " or true",
		own + "\n", " " + own, "!" + own, own[:len(own)-2] + `"`, strings.ReplaceAll(own, "leaf", "1"),
		// Whoever has a certificate of that root's, be it Apple's.
		named + ` and certificate root = H"611e5b662c593a08ff58d14ae22452d198df6c60"`,
		`anchor apple generic or ` + named + ` and certificate leaf[subject.OU] = ABCDE12345`,
		`anchor apple generic and ` + named + ` and certificate leaf[subject.OU] = ABCDE12345 or anchor apple generic`,
		named + ` and certificate leaf[subject.OU] = ABCDE12345`, // which anybody's own certificate may say
		`anchor apple generic and ` + named + ` and !certificate leaf[subject.OU] = ABCDE12345`,
	} {
		if err := checkRequirement(text); err == nil || !strings.Contains(err.Error(), "might get the permission") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestRequirementsOfADeveloperID(t *testing.T) {
	ours, err := codesign.DeveloperID(BundleID, "ABCDE12345").Text()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		ours,
		// As codesign prints them, of older and newer macOS.
		`identifier "org.dayline.agent" and anchor apple generic and certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate leaf[subject.OU] = ABCDE12345`,
		`anchor apple generic and identifier "org.dayline.agent" and (certificate leaf[field.1.2.840.113635.100.6.1.9] /* exists */ or certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate leaf[subject.OU] = "ABCDE12345")`,
	} {
		if err := checkRequirement(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzRequirement(f *testing.F) {
	f.Add(own)
	f.Add(`anchor apple generic and certificate leaf[subject.OU] = "`)
	f.Fuzz(func(t *testing.T, text string) {
		k := kit()
		k.Requirement = text
		files, err := k.Files()
		if err != nil {
			return
		}
		var profile dict
		if _, err := plist.Unmarshal(files[1].Content, &profile); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(profile["PayloadContent"]); !strings.Contains(got, text) {
			t.Errorf("%q became %s", text, got)
		}
	})
}
