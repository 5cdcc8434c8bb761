package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows"
)

func TestAFileThatIsHeldIsTriedAgain(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		t.Fatal(err)
	}
	held, err := windows.CreateFile(path, windows.GENERIC_WRITE, 0, nil, windows.CREATE_NEW, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	if err := WhileHeld(t.Context(), func() error {
		if tries++; tries == 3 {
			windows.CloseHandle(held)
		}
		return os.Rename(name, name+".moved")
	}); err != nil || tries != 3 {
		t.Errorf("%d tries: %v", tries, err)
	}
	tries = 0
	if err := WhileHeld(t.Context(), func() error { tries++; return os.ErrNotExist }); !errors.Is(err, os.ErrNotExist) || tries != 1 {
		t.Errorf("what nobody holds: %d tries: %v", tries, err)
	}
}
