package app

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/codesign"
)

// Member is one file or folder of an archive.
type Member struct {
	// Path of a folder has no slash at its end.
	Path    string
	Mode    fs.FileMode
	Content []byte
}

// Members are the bundle's in the order of their paths, each folder before what is in it.
func Members(files codesign.Files) []Member {
	all := map[string]Member{}
	for name, content := range files {
		at := path.Join(Name, name)
		m := Member{at, 0o644, content}
		if strings.HasPrefix(name, codesign.Executables) {
			m.Mode = 0o755
		}
		all[at] = m
		for folder := path.Dir(at); folder != "."; folder = path.Dir(folder) {
			all[folder] = Member{Path: folder, Mode: 0o755 | fs.ModeDir}
		}
	}
	var sorted []Member
	for _, at := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[at])
	}
	return sorted
}

// TarGz packs a bundle; root's group is wheel, number 0 as root. Equal contents and times give equal bytes.
func TarGz(files codesign.Files, at time.Time) ([]byte, error) {
	var whole bytes.Buffer
	zipped := gzip.NewWriter(&whole)
	archive := tar.NewWriter(zipped)
	for _, m := range Members(files) {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: m.Path, Mode: int64(m.Mode.Perm()), Size: int64(len(m.Content)),
			ModTime: at.UTC().Truncate(time.Second), Uname: "root", Gname: "wheel", Format: tar.FormatUSTAR}
		if m.Mode.IsDir() {
			header.Typeflag, header.Name = tar.TypeDir, m.Path+"/"
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(m.Content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err := zipped.Close()
	return whole.Bytes(), err
}

// Zip packs a bundle with its modes, as Finder unpacks it. Equal contents and times give equal bytes.
func Zip(files codesign.Files, at time.Time) ([]byte, error) {
	var whole bytes.Buffer
	archive := zip.NewWriter(&whole)
	for _, m := range Members(files) {
		header := &zip.FileHeader{Name: m.Path, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
		if m.Mode.IsDir() {
			header.Name, header.Method = m.Path+"/", zip.Store
		}
		header.SetMode(m.Mode)
		w, err := archive.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(m.Content); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return whole.Bytes(), err
}
