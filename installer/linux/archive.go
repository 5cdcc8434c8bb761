package linux

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"time"

	"github.com/dayline-project/dayline/shared/tail"
)

// archived packs entries under the names given, as root's; what ends the archive stands by itself, so that it can be
// exchanged.
func archived(entries []entry, named func(path string) string, at time.Time) ([]byte, error) {
	var whole bytes.Buffer
	zipped := gzip.NewWriter(&whole)
	archive := tar.NewWriter(zipped)
	for _, e := range entries {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: named(e.path), Mode: int64(e.mode.Perm()), Size: int64(len(e.content)),
			ModTime: at.UTC().Truncate(time.Second), Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
		switch e.mode.Type() {
		case fs.ModeDir:
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		case fs.ModeSymlink:
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, string(e.content), 0
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if header.Size == 0 {
			continue
		}
		if _, err := archive.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Flush(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return append(whole.Bytes(), tail.Empty()...), nil
}
