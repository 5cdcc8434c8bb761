package service

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows/registry"

	"github.com/dayline-project/dayline/shared/extension"
)

// read gives a string of the registry's; ok is false where there is none.
func read(path string, view uint32, name string) (value string, ok bool) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|view)
	if err != nil {
		return "", false
	}
	defer key.Close()
	value, _, err = key.GetStringValue(name)
	return value, err == nil
}

// bare has the registry hold nothing of these browsers' when a test begins, and when it ends: the machine is the tests' own.
func bare(t *testing.T) browsers {
	s, program := ownBrowsers(), filepath.Join(t.TempDir(), "dayline-agent.exe")
	left := func() {
		for _, b := range extension.Browsers() {
			for _, path := range append(extension.HostPlaces(b, s.system), extension.PolicyPlace(b, s.system)) {
				for _, view := range views {
					if key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE|view); err == nil {
						key.Close()
						t.Errorf("left: %s", path)
					}
				}
			}
		}
	}
	left()
	t.Cleanup(func() {
		if err := s.dismiss(program); err != nil {
			t.Error(err)
		}
		left()
	})
	return s
}

// Tests are linked without the extension's key, so that Firefox alone is introduced; test/windows has the rest.
func TestTheRegistryLeadsBrowsersHere(t *testing.T) {
	s, folder := bare(t), t.TempDir()
	program := filepath.Join(folder, "dayline-agent.exe")
	const hosts = `SOFTWARE\Mozilla\NativeMessagingHosts\org.dayline.host`
	for range 2 { // over an older one too
		if err := s.introduce(program); err == nil || err.Error() != extension.ErrNoKey.Error() {
			t.Fatalf("a build without a key says %v", err)
		}
	}
	for _, view := range views {
		if manifest, _ := read(hosts, view, ""); manifest != filepath.Join(folder, "org.dayline.host.firefox.json") {
			t.Errorf("view %#x leads to %q", view, manifest)
		}
	}
	if _, ok := read(`SOFTWARE\WOW6432Node\Mozilla\NativeMessagingHosts\org.dayline.host`, registry.WOW64_64KEY, ""); !ok {
		t.Error("a browser of 32 bits finds nothing")
	}
	if c := hostCheck(extension.Firefox, s.system, program, s.found(extension.Firefox)); !c.OK {
		t.Errorf("%+v", c)
	}
	if err := removeKey(hosts, registry.WOW64_32KEY); err != nil {
		t.Fatal(err)
	}
	if c := hostCheck(extension.Firefox, s.system, program, s.found(extension.Firefox)); c.OK || c.Fix != introduceAgain {
		t.Errorf("with one view: %+v", c)
	}
	if err := s.dismiss(program); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestPoliciesInTheRegistry(t *testing.T) {
	s := bare(t)
	from, err := extension.SourceOf("https://collector.example")
	if err != nil {
		t.Fatal(err)
	}
	const firefox = `SOFTWARE\Policies\Mozilla\Firefox`
	force := func() (said []string) {
		t.Helper()
		if err := s.force(from, func(what string) { said = append(said, what) }); err == nil || err.Error() != extension.ErrNoKey.Error() {
			t.Fatalf("a build without a key says %v", err)
		}
		return said
	}
	if said := force(); len(said) != 1 || !strings.Contains(said[0], "Entra ID") {
		t.Errorf("said %q", said)
	}
	if value, _ := read(firefox, registry.WOW64_64KEY, extension.PolicyName); !strings.Contains(value, "https://collector.example/extension/") || !extension.Ours([]byte(value)) {
		t.Errorf("Firefox is told %q", value)
	}
	if said := force(); len(said) != 1 {
		t.Errorf("over our own: %q", said)
	}

	const theirs = `{"*":{"installation_mode":"blocked"}}`
	set := func(change func(registry.Key) error) {
		t.Helper()
		if err := inKey(firefox, registry.WOW64_64KEY, change); err != nil {
			t.Fatal(err)
		}
	}
	set(func(key registry.Key) error { return key.SetStringValue(extension.PolicyName, theirs) })
	stays := func(value string) {
		t.Helper()
		if said := force(); !slices.ContainsFunc(said, func(what string) bool {
			return strings.Contains(what, `HKLM\`+firefox+`\ExtensionSettings is another's`)
		}) {
			t.Errorf("said %q", said)
		}
		if err := s.dismiss(filepath.Join(t.TempDir(), "dayline-agent.exe")); err != nil {
			t.Error(err)
		}
		if is, _ := extensionSettings(firefox); is != value {
			t.Errorf("another's became %q", is)
		}
	}
	stays(theirs)
	set(func(key registry.Key) error {
		return key.SetStringsValue(extension.PolicyName, []string{"{", `"*":{}}`})
	})
	stays("{\n\"*\":{}}")
	// The same may be said in keys, of which a value takes the place.
	set(func(key registry.Key) error { return key.DeleteValue(extension.PolicyName) })
	if err := inKey(firefox+`\ExtensionSettings\*`, registry.WOW64_64KEY, func(key registry.Key) error { return key.SetStringValue("installation_mode", "blocked") }); err != nil {
		t.Fatal(err)
	}
	stays("")
	if err := removeKey(firefox+`\ExtensionSettings\*`, registry.WOW64_64KEY); err != nil {
		t.Fatal(err)
	}
}

// What administrators are given for the registry's editor says what the installer writes.
func TestTheRegistrysEditorReadsAPolicy(t *testing.T) {
	bare(t)
	from := extension.Source{Base: "https://collector.example/extension"}
	files, err := extension.Policy(extension.Firefox, extension.Windows, from)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), files[0].Name)
	if err := os.WriteFile(file, files[0].Content, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.CommandContext(t.Context(), "reg", "import", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	want, err := extension.Settings(extension.Firefox, from)
	if got, _ := read(extension.PolicyPlace(extension.Firefox, extension.Windows), registry.WOW64_64KEY, extension.PolicyName); err != nil || got != string(want) {
		t.Errorf("it read %q, %v", got, err)
	}
}

func TestAnInstalledBrowserIsFound(t *testing.T) {
	s := bare(t)
	const program = appPaths + "brave.exe"
	if s.installed(extension.Brave) {
		t.Error("Brave is not installed")
	}
	if err := inKey(program, registry.WOW64_64KEY, func(key registry.Key) error { return key.SetStringValue("", `C:\brave.exe`) }); err != nil {
		t.Fatal(err)
	}
	if !s.installed(extension.Brave) {
		t.Error("an installed Brave is not found")
	}
	if err := errors.Join(removeKey(program, registry.WOW64_64KEY), removeKey(program, registry.WOW64_64KEY)); err != nil {
		t.Error(err)
	}
}
