//go:build unix

package session

import (
	"testing"

	"github.com/dayline-project/dayline/shared/stream"
)

func TestAMacsAccountsAreKnownByTheirDirectory(t *testing.T) {
	for name, want := range map[string]stream.Login{
		"anna":     {Account: "anna", Name: `mac\anna`},
		"ben":      {Authority: "corp.example.com", Account: "ben", Name: `corp.example.com\ben`},
		"cleo":     {Authority: "east.example.com", Account: "cleo", Name: `EAST.EXAMPLE.COM\cleo`},
		`CORP\dan`: {Authority: "corp", Account: "dan", Name: `CORP\dan`},
		"eve":      {Authority: "ldap.example.com", Account: "eve", Name: `LDAP.example.com\eve`},
		"finn":     {Account: "finn", Name: `mac\finn`},
	} {
		if got, err := macLogin(t.Context(), "testdata/dscl", name, "mac.local"); err != nil || got != want {
			t.Errorf("%s is %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{"nobody", "", "../anna", "a\nb"} {
		if got, err := macLogin(t.Context(), "testdata/dscl", name, "mac.local"); err == nil {
			t.Errorf("%q is %+v", name, got)
		}
	}
	if got, err := macLogin(t.Context(), "testdata/none", "anna", "mac.local"); err == nil {
		t.Errorf("asked nobody: %+v", got)
	}
}

func FuzzWhatADirectoryTells(f *testing.F) {
	f.Add("AppleMetaNodeLocation:\n /Active Directory/CORP/All Domains\n", `CORP\anna`)
	f.Add("AppleMetaNodeLocation: All Domains\n\n :", "anna")
	f.Fuzz(func(t *testing.T, told, name string) {
		if record := attributes(told); len(record[recordIn]) > 0 {
			directoryOf(record, name, "mac")
		}
	})
}
