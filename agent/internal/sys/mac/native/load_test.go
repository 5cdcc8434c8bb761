//go:build linux

package native

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// symbols.txt has, sorted, what was found in the lists of exported symbols (.tbd) of Apple's SDK for macOS 12, the oldest we
// run on, for both processors. Whoever adds one looks it up there first.
func TestSymbolsAreChecked(t *testing.T) {
	checked, err := os.ReadFile("testdata/symbols.txt")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, f := range functions() {
		used = append(used, path.Base(string(f.library))+" "+f.name)
	}
	for _, c := range constants() {
		used = append(used, path.Base(string(c.library))+" "+c.name)
	}
	slices.Sort(used)
	if used = slices.Compact(used); strings.Join(used, "\n")+"\n" != string(checked) {
		t.Errorf("used:\n%s\nnot symbols.txt, which has:\n%s", strings.Join(used, "\n"), checked)
	}
}

func TestLoadNamesWhatIsMissing(t *testing.T) {
	var retain, missing func(uintptr) uintptr
	var mode, key uintptr
	there := function{&retain, coreFoundation, "CFRetain"}
	for _, c := range []struct {
		want      string
		functions []function
		constants []constant
	}{
		{"CFNoSuchFunction", []function{there, {&missing, coreFoundation, "CFNoSuchFunction"}}, nil},
		{"kCFNoSuchKey", []function{there}, []constant{{&mode, coreFoundation, "kCFRunLoopDefaultMode"}, {&key, coreFoundation, "kCFNoSuchKey"}}},
	} {
		if err := load(c.functions, c.constants); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("without %s: %v", c.want, err)
		}
		if retain != nil || mode != 0 {
			t.Error("some was set though not all is there")
		}
	}
	if err := load([]function{there}, []constant{{&mode, coreFoundation, "kCFRunLoopDefaultMode"}}); err != nil || retain == nil || mode != defaultMode {
		t.Errorf("with all: %v", err)
	}
}

func TestLoadNamesTheLibrary(t *testing.T) {
	stubs := where
	defer func() { where = stubs }()
	where = func(l library) string { return string(l) }
	var f func()
	if err := load([]function{{&f, security, "SessionGetInfo"}}, nil); err == nil || !strings.Contains(err.Error(), "Security.framework") {
		t.Errorf("without the library: %v", err)
	}
}
