// Package backup copies a running collector into one directory, checks such a copy, and makes a data directory of it
// again (security.md 8).
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/disk"
)

// The parts of a backup: folders in it.
const (
	dataFolder   = "data"
	configFolder = "config"
	manifestFile = "manifest.json"
	// format of the manifest. A newer one is refused.
	format = 1
	// maxManifestBytes bounds what is read of a manifest.
	maxManifestBytes = 16 << 20
)

// Manifest says what a backup holds and how far it goes.
type Manifest struct {
	Format  int       `json:"format"`
	Version string    `json:"version"`
	Created time.Time `json:"created"`
	Files   []File    `json:"files"`
	// Schemas of the stores, by store.
	Schemas map[string]int `json:"schemas"`
	Audit   Audit          `json:"audit"`
	Streams []Stream       `json:"streams"`
}

// File is one file of the backup, by its path in it, with slashes.
type File struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Audit is the head of the audit chain.
type Audit struct {
	Sequence uint64 `json:"sequence"`
	Hash     string `json:"hash"`
}

// Stream is the head of a device's stream as stored.
type Stream struct {
	Device string `json:"device"`
	Stream string `json:"stream"`
	Last   uint64 `json:"last"`
	Digest string `json:"digest"`
}

// Source is what is copied.
type Source struct {
	Registry collector.Registry
	Episodes collector.EpisodeStore
	// RegistryFile and EpisodesFile are the stores' names in a data directory.
	RegistryFile, EpisodesFile string
	// Files of the data directory, and folders with all that is below them, are copied too, by path, those that are there. Their
	// files change whole or not at all; what a name with a dot in front holds is being made.
	Files []string
	// ConfigDir holds the configuration files.
	ConfigDir string
	Schemas   map[string]int
	// Heads gives how far each device's stream is stored.
	Heads   func(ctx context.Context) ([]collector.StreamHead, error)
	Version string
	Now     func() time.Time
}

// Create writes a backup into a directory that is empty or not there, while the collector goes on, and gives its bytes.
// The episodes are copied first: the registry's copy then knows every device, login and person they name, and every
// deletion made meanwhile.
func Create(ctx context.Context, dir string, s Source) (int64, error) {
	if !filepath.IsAbs(dir) {
		return 0, collector.Refuse(collector.BadRequest, "directory", "it must be an absolute path")
	}
	if err := makeEmpty(dir); err != nil {
		return 0, err
	}
	data := filepath.Join(dir, dataFolder)
	if err := os.Mkdir(data, 0o700); err != nil {
		return 0, fmt.Errorf("backup: %w", err)
	}
	// Read before the copy: what is named is in it for sure.
	heads, err := s.Heads(ctx)
	if err != nil {
		return 0, fmt.Errorf("backup: streams: %w", err)
	}
	if err := s.Episodes.BackupTo(ctx, filepath.Join(data, s.EpisodesFile)); err != nil {
		return 0, fmt.Errorf("backup: episodes: %w", err)
	}
	head, err := s.Registry.AuditHead(ctx)
	if err != nil {
		return 0, fmt.Errorf("backup: audit: %w", err)
	}
	if err := s.Registry.BackupTo(ctx, filepath.Join(data, s.RegistryFile)); err != nil {
		return 0, fmt.Errorf("backup: registry: %w", err)
	}
	for _, file := range s.Files {
		if err := copyWhole(file, filepath.Join(data, filepath.Base(file))); err != nil {
			return 0, fmt.Errorf("backup: %w", err)
		}
	}
	if err := copyFolder(s.ConfigDir, filepath.Join(dir, configFolder)); err != nil {
		return 0, fmt.Errorf("backup: configuration: %w", err)
	}
	files, err := hashed(ctx, dir)
	if err != nil {
		return 0, fmt.Errorf("backup: %w", err)
	}
	manifest := Manifest{
		Format: format, Version: s.Version, Created: s.Now().UTC().Truncate(time.Millisecond), Files: files,
		Schemas: s.Schemas, Audit: Audit{Sequence: head.Sequence, Hash: hex.EncodeToString(head.Hash)}, Streams: streams(heads),
	}
	if err := manifest.save(dir); err != nil {
		return 0, fmt.Errorf("backup: manifest: %w", err)
	}
	var bytes int64
	for _, f := range files {
		bytes += f.Bytes
	}
	return bytes, nil
}

func streams(heads []collector.StreamHead) []Stream {
	list := make([]Stream, len(heads))
	for i, h := range heads {
		list[i] = Stream{Device: h.Device, Stream: hex.EncodeToString(h.Stream[:]), Last: h.Last, Digest: hex.EncodeToString(h.Digest[:])}
	}
	return list
}

// makeEmpty makes the directory, for the owner alone, and refuses one with something in it.
func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if len(entries) > 0 {
		return collector.Refuse(collector.Conflict, "directory", "%s is not empty", dir)
	}
	return os.Chmod(dir, 0o700)
}

// save writes the manifest last and whole: a backup without one was cut off.
func (m *Manifest) save(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return disk.Replace(filepath.Join(dir, manifestFile), append(text, '\n'))
}

// hashed lists every file of a backup but its manifest, by path.
func hashed(ctx context.Context, dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		path, err := filepath.Rel(dir, name)
		if err != nil || path == manifestFile {
			return err
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%s is no regular file", path)
		}
		file, err := hashFile(name)
		file.Path = filepath.ToSlash(path)
		files = append(files, file)
		return err
	})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}

func hashFile(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return File{Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// copyFolder copies the regular files of a folder; what is below it is not the collector's.
func copyFolder(from, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		// Stat follows links: a configuration file may be one, into a store of secrets.
		if info, err := os.Stat(filepath.Join(from, entry.Name())); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := copyFile(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return disk.SyncFolder(to)
}

// copyWhole copies a file, or a folder with all that is below it. What somebody takes away meanwhile is not missed.
func copyWhole(from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		target := to + strings.TrimPrefix(name, from)
		switch {
		case err != nil:
		case strings.HasPrefix(entry.Name(), ".") && entry.IsDir():
			return fs.SkipDir
		case entry.IsDir():
			err = os.Mkdir(target, 0o700)
		default:
			err = copyFile(name, target)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func copyFile(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return disk.Create(to, f)
}
