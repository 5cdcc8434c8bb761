package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/windows"
)

func TestWhatOneMakesIsOnesOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Dir(file)} {
		if got, err := StandingOf(path); err != nil || got == Foreign {
			t.Errorf("%v, %v", got, err)
		}
	}
	if _, err := StandingOf(file + "-none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
}

// The list is read as Windows writes it, not as a file system keeps it.
func TestWhoMayChangeByTheList(t *testing.T) {
	for list, want := range map[string][]string{
		"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)":           {sidSystem, sidAdministrators},
		"D:(A;;FR;;;WD)(A;;FA;;;SY)":                    {sidSystem},
		"D:(A;CI;0x116;;;BU)":                           {"S-1-5-32-545"},
		"D:(A;;FX;;;BU)(A;;SD;;;BU)":                    {"S-1-5-32-545"},
		"D:(D;;FA;;;WD)(A;;0x40;;;AU)":                  {"S-1-5-11"},
		"D:(A;;WO;;;BU)(A;OICIIO;GA;;;CO)":              {"S-1-5-32-545", sidCreator},
		"O:SY":                                          {anybody},
		"D:P(A;;FR;;;WD)(A;;0x1200a9;;;S-1-5-21-1-2-3)": nil,
	} {
		descriptor, err := windows.SecurityDescriptorFromString(list)
		if err != nil {
			t.Errorf("%s: %v", list, err)
			continue
		}
		acl, _, err := descriptor.DACL()
		if err != nil && err != windows.ERROR_OBJECT_NOT_FOUND {
			t.Errorf("%s: %v", list, err)
			continue
		}
		if writers, err := writersIn(acl); err != nil || !slices.Equal(writers, want) {
			t.Errorf("%s: %v, %v, want %v", list, writers, err, want)
		}
	}
}

// An entry under a condition grants to whom the condition fits, which is not judged here.
func TestAnEntryOfAnotherKindMayGrantToAnybody(t *testing.T) {
	const conditional = 9 // ACCESS_ALLOWED_CALLBACK_ACE_TYPE
	descriptor, err := windows.SecurityDescriptorFromString("D:(A;;FR;;;SY)")
	if err != nil {
		t.Fatal(err)
	}
	acl, _, err := descriptor.DACL()
	if err != nil {
		t.Fatal(err)
	}
	var entry *windows.ACCESS_ALLOWED_ACE
	if err := windows.GetAce(acl, 0, &entry); err != nil {
		t.Fatal(err)
	}
	entry.Header.AceType = conditional
	if writers, err := writersIn(acl); err != nil || !slices.Equal(writers, []string{anybody}) {
		t.Errorf("%v, %v", writers, err)
	}
}
