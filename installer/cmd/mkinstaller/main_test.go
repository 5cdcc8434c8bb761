package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitStatusAndWords(t *testing.T) {
	for args, words := range map[string]string{
		"":                                     "Usage",
		"rpm":                                  "Usage",
		"msi":                                  "-version",
		"msi -version 1.2":                     "-version",
		"msi -version 1.2.3":                   "-built",
		"msi -version 1.2.3 -built today":      "-built",
		"msi -arch 386":                        "neither amd64 nor arm64",
		"msi -version 1.2.3 more":              "too many",
		"msi -frobnicate":                      "frobnicate",
		"msi -version 999.0.0 -built 2026":     "255",
		"exe -version 1.2.3-nightly -built no": "-version",
	} {
		var stdout, stderr bytes.Buffer
		if status := dispatch(t.Context(), strings.Fields(args), &stdout, &stderr); status != usedWrongly || !strings.Contains(stderr.String(), words) {
			t.Errorf("%q: status %d: %s", args, status, stderr.String())
		}
	}
}

// Whoever builds the same sources again, elsewhere and later, gets the same bytes.
func TestPackagesAreTheSameTwice(t *testing.T) {
	var made [2][]byte
	for i := range made {
		folder := filepath.Join(t.TempDir(), "new")
		var stdout, stderr bytes.Buffer
		args := []string{"msi", "-version", "1.2.3-rc.1", "-built", "2026-03-01T13:00:00+01:00", "-arch", "arm64", "-to", folder}
		if status := dispatch(t.Context(), args, &stdout, &stderr); status != done {
			t.Fatalf("status %d: %s", status, stderr.String())
		}
		path := strings.TrimSpace(stdout.String())
		if path != filepath.Join(folder, "dayline-agent-1.2.3-rc.1-windows-arm64.msi") {
			t.Errorf("told %q", path)
		}
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) != 1 {
			t.Errorf("it left %v, %v", entries, err)
		}
		if made[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("built twice it is not the same")
	}
}
