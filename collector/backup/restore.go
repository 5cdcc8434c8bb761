package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/disk"
)

// unfinishedFile marks a data directory that a restore has not finished: what was deleted may still be in it.
const unfinishedFile = "restore.unfinished"

// Unfinished tells whether a data directory is a restore cut off. Nothing may be served from it.
func Unfinished(dataDir string) bool {
	_, err := os.Stat(filepath.Join(dataDir, unfinishedFile))
	return err == nil
}

// ConfigFor gives the folder whose configuration a restore goes by: configDir, or the backup's own where that has none.
func ConfigFor(dir, configDir string) string {
	if _, err := os.Stat(filepath.Join(configDir, "collector.yaml")); errors.Is(err, fs.ErrNotExist) {
		return filepath.Join(dir, configFolder)
	}
	return configDir
}

// Verify checks that a backup is whole: every file of its manifest is there with its hash, and no other.
func Verify(ctx context.Context, dir string) (Manifest, error) {
	m, err := load(dir)
	if err != nil {
		return m, err
	}
	files, err := hashed(ctx, dir)
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	there := map[string]File{}
	for _, f := range files {
		there[f.Path] = f
	}
	for _, want := range m.Files {
		got, ok := there[want.Path]
		switch {
		case !ok:
			return m, fmt.Errorf("backup: %s is missing", want.Path)
		case got != want:
			return m, fmt.Errorf("backup: %s was changed: its SHA-256 is %s, the manifest says %s", want.Path, got.SHA256, want.SHA256)
		}
		delete(there, want.Path)
	}
	for path := range there {
		return m, fmt.Errorf("backup: %s is not in the manifest", path)
	}
	return m, nil
}

func load(dir string) (Manifest, error) {
	var m Manifest
	f, err := os.Open(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("backup: %s has no %s: it is no backup, or one that was cut off", dir, manifestFile)
	} else if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, maxManifestBytes)).Decode(&m); err != nil {
		return m, fmt.Errorf("backup: %s is damaged: %w", manifestFile, err)
	}
	if m.Format != format {
		return m, fmt.Errorf("backup: it is of format %d and this program knows %d", m.Format, format)
	}
	return m, nil
}

// Restore verifies a backup and makes a data directory of it, which has to be empty or not there. The configuration
// goes to configDir where that has no collector.yaml; configured tells whether it went. Finish has to
// follow before anybody serves.
func Restore(ctx context.Context, dir, dataDir, configDir string) (m Manifest, configured bool, err error) {
	if m, err = Verify(ctx, dir); err != nil {
		return m, false, err
	}
	if err := makeEmpty(dataDir); collector.CodeOf(err) == collector.Conflict {
		return m, false, collector.Refuse(collector.Conflict, "data_dir", "%s is not empty; a restore writes over nothing", dataDir)
	} else if err != nil {
		return m, false, err
	}
	if err := disk.Create(filepath.Join(dataDir, unfinishedFile), strings.NewReader("")); err != nil {
		return m, false, fmt.Errorf("backup: restore: %w", err)
	}
	configured = ConfigFor(dir, configDir) != configDir
	if configured {
		if err := os.MkdirAll(configDir, 0o755); err != nil {
			return m, false, fmt.Errorf("backup: restore: %w", err)
		}
	}
	for _, f := range m.Files {
		folder, name, _ := strings.Cut(f.Path, "/")
		to := dataDir
		if folder == configFolder {
			to = configDir
		}
		if !filepath.IsLocal(name) || path.Clean(name) != name || strings.Contains(name, `\`) || (folder != dataFolder && folder != configFolder) {
			return m, false, fmt.Errorf("backup: %q does not belong in a backup", f.Path)
		}
		if folder == configFolder && !configured {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o700); err != nil {
			return m, false, fmt.Errorf("backup: restore: %w", err)
		}
		err := copyFile(filepath.Join(dir, folder, name), filepath.Join(to, name))
		if folder == configFolder && errors.Is(err, fs.ErrExist) {
			continue // a file of the machine's own beside a missing collector.yaml
		}
		if err != nil {
			return m, false, fmt.Errorf("backup: restore: %w", err)
		}
	}
	return m, configured, disk.SyncFolder(dataDir)
}

// Finish lets a restored directory be served, once all that was deleted is gone from it.
func Finish(dataDir string) error {
	if err := os.Remove(filepath.Join(dataDir, unfinishedFile)); err != nil {
		return fmt.Errorf("backup: restore: %w", err)
	}
	return disk.SyncFolder(dataDir)
}

// RegistryOf gives the folder that has the registry of a backup or of a data directory.
func RegistryOf(dir, registryFile string) (string, error) {
	for _, folder := range []string{filepath.Join(dir, dataFolder), dir} {
		if _, err := os.Stat(filepath.Join(folder, registryFile)); err == nil {
			return folder, nil
		}
	}
	return "", collector.Refuse(collector.BadRequest, "erasures", "%s is neither a backup nor a data directory", dir)
}

// Neighbours are the backups beside a backup, and the data directories beside a data directory: where later states of
// the same collector are found most often.
func Neighbours(dir, dataDir, registryFile string) []string {
	var found []string
	for _, beside := range []struct{ own, pattern string }{
		{dir, filepath.Join(filepath.Dir(dir), "*", dataFolder, registryFile)},
		{dataDir, filepath.Join(filepath.Dir(dataDir), "*", registryFile)},
	} {
		files, _ := filepath.Glob(beside.pattern) // the pattern is a good one
		for _, file := range files {
			if folder := filepath.Dir(file); folder != beside.own && folder != filepath.Join(beside.own, dataFolder) {
				found = append(found, folder)
			}
		}
	}
	return found
}
