package browsers

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/shared/extension"
)

// Unpacked prepares a profile of Chromium so that, with the flags it gives, the extension of this tree is loaded there and finds the
// agent at this path: for who may not install anything for the whole computer.
func Unpacked(profile, agent string) (flags []string, err error) {
	files, by, err := Build()
	if err != nil {
		return nil, err
	}
	folder := profile + "-extension"
	if err := files.WriteUnpacked(folder, &by.Key.PublicKey); err != nil {
		return nil, err
	}
	id, err := extension.IDOf(&by.Key.PublicKey)
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(map[string]any{"name": extension.Host, "description": "Dayline agent", "path": agent, "type": "stdio",
		"allowed_origins": []string{"chrome-extension://" + id + "/"}})
	if err != nil {
		return nil, fmt.Errorf("browsers: unpacked: %w", err)
	}
	// Beside --user-data-dir Chromium looks there for the person's own hosts.
	file := filepath.Join(profile, "NativeMessagingHosts", extension.Host+".json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("browsers: unpacked: %w", err)
	}
	if err := os.WriteFile(file, manifest, 0o600); err != nil {
		return nil, fmt.Errorf("browsers: unpacked: %w", err)
	}
	return []string{"--load-extension=" + folder}, nil
}
