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

func TestAPackageLandsInItsFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	var stdout, stderr bytes.Buffer
	args := []string{"msi", "-version", "1.2.3-rc.1", "-built", "2026-03-01T12:00:00Z", "-arch", "arm64", "-to", folder}
	if status := dispatch(t.Context(), args, &stdout, &stderr); status != done {
		t.Fatalf("status %d: %s", status, stderr.String())
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || entries[0].Name() != "dayline-agent-1.2.3-rc.1-windows-arm64.msi" {
		t.Errorf("%v, %v", entries, err)
	}
	if strings.TrimSpace(stdout.String()) != filepath.Join(folder, "dayline-agent-1.2.3-rc.1-windows-arm64.msi") {
		t.Errorf("told %q", stdout.String())
	}
}
