package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dayline-project/dayline/collector/config"
)

// folder writes the four files, those given in place of the defaults, and gives their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := config.WriteDefaults(dir); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		write(t, dir, name, content)
	}
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDefaultsAreValid(t *testing.T) {
	set, problems := config.Load(folder(t, nil))
	if set == nil || len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
}
