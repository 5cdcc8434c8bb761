package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheSystemIsNotToRunWhatOthersMayExchange(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "programs")
	program := filepath.Join(folder, "dayline-agent")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := fitForSystem(program); err != nil {
		t.Errorf("one's own: %v", err)
	}
	for _, path := range []string{program, folder} {
		closeAgain := openToOthers(t, path)
		if err := fitForSystem(program); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("with %s open to others: %v", path, err)
		}
		closeAgain()
	}
}
