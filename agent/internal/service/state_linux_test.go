package service

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAStateFolderThatIsNotOursIsMovedAside(t *testing.T) {
	for name, plant := range map[string]func(t *testing.T, folder string){
		"a link": func(t *testing.T, folder string) {
			if err := os.Symlink(t.TempDir(), folder); err != nil {
				t.Fatal(err)
			}
		},
		"open to others": func(t *testing.T, folder string) {
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, 0o777); err != nil {
				t.Fatal(err)
			}
		},
		"a file": func(t *testing.T, folder string) {
			if err := os.WriteFile(folder, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"of another": func(t *testing.T, folder string) {
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(folder, 12345, 12345); err != nil {
				t.Logf("only root may give a folder away (%v): a link stands for it", err)
				if err := os.Remove(folder); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink("/", folder); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "state")
			plant(t, folder)
			moved, err := Prepare(folder)
			if err != nil || moved == "" {
				t.Fatalf("moved to %q: %v", moved, err)
			}
			if _, err := os.Lstat(moved); err != nil {
				t.Error("it was not kept")
			}
			info, err := os.Lstat(folder)
			if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 {
				t.Errorf("made anew as %v, %v", info, err)
			}
			if again, err := Prepare(folder); err != nil || again != "" {
				t.Errorf("our own was moved to %q: %v", again, err)
			}
		})
	}
}
