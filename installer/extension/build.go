// Package extension builds the browser extension from its sources, packs it for browsers of each kind, and signs what a
// collector is given of it. It is used off-line, by whoever has the key.
package extension

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/extension"
	"github.com/dayline-project/dayline/shared/release"
)

// folder of the sources, from the module's root.
const folder = "agent/internal/browser/extension"

// Source files: those that are taken as they are, and the scripts that are bundled.
var (
	plain   = []string{"popup.html", "popup.css", "_locales/en/messages.json", "_locales/de/messages.json"}
	scripts = []string{"background.ts", "popup.ts"}
	icons   = []int{16, 32, 48, 128}
)

// Files are an extension's, by their names with slashes.
type Files map[string][]byte

// Build builds the extension from the sources of the module around the working directory. Equal sources and versions give
// equal bytes.
func Build(version release.Version) (Files, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, fmt.Errorf("extension: build: %w", err)
	}
	files, err := build(filepath.Join(root, folder), version)
	if err != nil {
		return nil, fmt.Errorf("extension: build: %w", err)
	}
	return files, nil
}

func build(sources string, version release.Version) (Files, error) {
	files, err := bundle(sources, version)
	if err != nil {
		return nil, err
	}
	for _, name := range plain {
		if files[name], err = os.ReadFile(filepath.Join(sources, name)); err != nil {
			return nil, err
		}
	}
	for _, size := range icons {
		var icon bytes.Buffer
		if err := png.Encode(&icon, product.Mark(size)); err != nil {
			return nil, err
		}
		files[fmt.Sprintf("icons/%d.png", size)] = icon.Bytes()
	}
	manifest, err := os.ReadFile(filepath.Join(sources, extension.BrowsersManifest))
	if err != nil {
		return nil, err
	}
	// Browsers order versions by four numbers, which rise as the semantic ones do; people are shown those.
	files[extension.BrowsersManifest], err = amend(manifest, map[string]any{"version": version.FileText(), "version_name": version.String()})
	return files, err
}

// amend sets members of a JSON object.
func amend(object []byte, members map[string]any) ([]byte, error) {
	var all map[string]any
	if err := json.Unmarshal(object, &all); err != nil {
		return nil, err
	}
	for name, value := range members {
		all[name] = value
	}
	return json.Marshal(all)
}

// bundle makes one script of each, types and comments removed.
func bundle(sources string, version release.Version) (Files, error) {
	result := api.Build(api.BuildOptions{
		EntryPoints:   scripts,
		AbsWorkingDir: sources,
		Outdir:        sources,
		Bundle:        true,
		Format:        api.FormatIIFE,
		// The oldest that are served: Chromium 121 and Firefox 121 take one manifest for both.
		Engines:           []api.Engine{{Name: api.EngineChrome, Version: "121"}, {Name: api.EngineFirefox, Version: "121"}},
		Charset:           api.CharsetUTF8,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Define:            map[string]string{"VERSION": fmt.Sprintf("%q", version)},
		TsconfigRaw:       "{}",
		LogLevel:          api.LogLevelSilent,
	})
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.TrimSpace(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), "\n")))
	}
	files := Files{}
	for _, script := range result.OutputFiles {
		files[filepath.Base(script.Path)] = script.Contents
	}
	return files, nil
}

// WriteUnpacked writes the extension into a folder as developers load it, under its id.
func (f Files) WriteUnpacked(folder string, public *rsa.PublicKey) error {
	key, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return fmt.Errorf("extension: unpacked: %w", err)
	}
	manifest, err := amend(f[extension.BrowsersManifest], map[string]any{"key": key})
	if err != nil {
		return fmt.Errorf("extension: unpacked: %w", err)
	}
	for name, content := range f {
		if name == extension.BrowsersManifest {
			content = manifest
		}
		path := filepath.Join(folder, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, content, 0o644)
		}
		if err != nil {
			return fmt.Errorf("extension: unpacked: %w", err)
		}
	}
	return nil
}

func moduleRoot() (string, error) {
	output, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	file := strings.TrimSpace(string(output))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("this is not done inside of Dayline's sources")
	}
	return filepath.Dir(file), nil
}
