package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestFilesAreWholeOrNotThere(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.csv")
	if err := writeFile(name, func(w io.Writer) error { _, err := io.WriteString(w, "first"); return err }); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the connection broke")
	err := writeFile(name, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half of the sec"); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if content, _ := os.ReadFile(name); err != nil || string(content) != "first" || len(left) != 1 {
		t.Errorf("%q and %d files, %v", content, len(left), err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
