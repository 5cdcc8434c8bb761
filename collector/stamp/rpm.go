package stamp

import (
	"archive/tar"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"
)

// rpmInstall stands beside the package in what is handed out.
//
//go:embed rpm.sh
var rpmInstall []byte

// Names in the archive around an .rpm.
const (
	rpmFolder = "dayline-agent/"
	rpmFile   = rpmFolder + "dayline-agent.rpm"
)

// rpmMagic is what a package begins with.
var rpmMagic = []byte{0xed, 0xab, 0xee, 0xdb}

// openRPM: rpm checks all of a package against digests in it, so that it stays as it is; a .tar around it holds the string, and
// what installs both.
func openRPM(source io.ReaderAt, size int64) (Carrier, func(text string) ([]piece, error), error) {
	magic := make([]byte, len(rpmMagic))
	if _, err := source.ReadAt(magic, 0); err != nil || !bytes.Equal(magic, rpmMagic) {
		return None, nil, errors.New("it is no .rpm: it does not begin as one does")
	}
	return Beside, func(text string) ([]piece, error) {
		var before bytes.Buffer
		archive := tar.NewWriter(&before)
		entry := func(kind byte, name string, mode, size int64, content []byte) error {
			header := tar.Header{Typeflag: kind, Name: name, Mode: mode, Size: size, ModTime: time.Unix(0, 0), Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
			if err := archive.WriteHeader(&header); err != nil {
				return err
			}
			_, err := archive.Write(content)
			return err
		}
		secret := []byte(text + "\n")
		err := errors.Join(
			entry(tar.TypeDir, rpmFolder, 0o755, 0, nil),
			entry(tar.TypeReg, rpmFolder+"install.sh", 0o755, int64(len(rpmInstall)), rpmInstall),
			entry(tar.TypeReg, rpmFolder+enrollFile, 0o600, int64(len(secret)), secret),
			entry(tar.TypeReg, rpmFile, 0o644, size, nil),
		)
		if err != nil {
			return nil, fmt.Errorf("archive around it: %w", err)
		}
		// The package's last block is filled up, and two empty ones end the archive.
		after := make([]byte, (512-size%512)%512+1024)
		return []piece{own(before.Bytes()), part(0, size), own(after)}, nil
	}, nil
}
