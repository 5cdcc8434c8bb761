package main

import (
	"strings"
	"testing"
)

// Nothing but pages is ever opened, whatever a collector says.
func TestPageAddress(t *testing.T) {
	for _, address := range []string{
		"https://dayline.example.com:8444/my-day#code=a-b_c", "https://10.0.0.7/my-day", "http://127.0.0.1:8444/my-day#code=abc",
		"http://localhost:8444/my-day", "http://[::1]:8444/my-day#code=abc",
	} {
		if got, err := pageAddress(address); err != nil || got != address {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	for _, address := range []string{
		"", "my-day", "/etc/passwd", "//dayline.example.com", "http://dayline.example.com/my-day", "http://127.0.0.1.example.com",
		"http://localhost.example.com", "file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "https:dayline.example.com",
		"https://", "https:///my-day", "https://127.0.0.1@example.com/", "https://u:p@example.com", "--help", "-x", "calc.exe",
		"https://example.com/\r\nX: y", "https://example.com/\x00", "ms-settings:x", " https://example.com", `\\host\share`,
		"https://example.com/" + string(make([]byte, maxAddress)),
	} {
		if got, err := pageAddress(address); err == nil {
			t.Errorf("%q would be opened as %q", address, got)
		}
	}
}

// Standing for an open window, standard input ends at once here.
func TestAShortcutsWindowWaits(t *testing.T) {
	if status, _, stderr := invoke("my-day", "--wait", "--state", t.TempDir()); status != failed || !strings.Contains(stderr, "press Enter") {
		t.Errorf("status %d: %s", status, stderr)
	}
}
