package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// only tells that one file is in a folder, with these words.
func only(t *testing.T, name, words string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside it: %v, %v", entries, err)
	}
	if content, err := os.ReadFile(name); err != nil || string(content) != words {
		t.Errorf("%q, %v", content, err)
	}
}

func TestAFileIsReplacedWholeOrNotAtAll(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for _, words := range []string{"first", "second"} {
		if err := Replace(name, []byte(words)); err != nil {
			t.Fatal(err)
		}
		only(t, name, words)
	}
	in := filepath.Join(t.TempDir(), "folder")
	if err := os.MkdirAll(filepath.Join(in, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(in, nil); err == nil {
		t.Error("a folder was replaced by a file")
	}
	if entries, err := os.ReadDir(filepath.Dir(in)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestOneThatIsThereIsNotMadeAnew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := Create(name, strings.NewReader("first")); err != nil {
		t.Fatal(err)
	}
	if err := Create(name, strings.NewReader("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	only(t, name, "first")
	if err := Create(name+"2", io.MultiReader(strings.NewReader("half"), broken{})); !errors.Is(err, errBroken) {
		t.Errorf("%v", err)
	}
	if err := SyncFolder(filepath.Dir(name)); err != nil {
		t.Error(err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }
