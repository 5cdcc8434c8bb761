package config

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/dayline-project/dayline/shared/disk"
)

//go:embed defaults/*.yaml
var defaults embed.FS

// Default gives a file as a first start writes it.
func Default(name string) ([]byte, error) { return defaults.ReadFile(path.Join("defaults", name)) }

// WriteDefaults makes the folder and those of the four files that are not there, and names what it wrote.
func WriteDefaults(dir string) (written []string, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("config: write defaults: %w", err)
	}
	for _, name := range Files {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return written, fmt.Errorf("config: write defaults: %w", err)
		}
		content, err := Default(name)
		if err == nil {
			err = disk.Replace(file, content)
		}
		if err != nil {
			return written, fmt.Errorf("config: write defaults: %w", err)
		}
		written = append(written, name)
	}
	return written, nil
}
