package update

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

const (
	// maxProgram bounds what a package unpacks to.
	maxProgram = 64 << 20
	// stagedName is what the unpacked program is called in the folder, followed by the target's ending: Windows runs nothing else.
	stagedName = "staged"
)

var errTooLarge = errors.New("it unpacks to more than 64 MB")

// stage unpacks a package that was verified, and gives the name of what came of it and its hash. The bytes are
// hashed again while they are read: what is staged is what was verified.
func (u *Updater) stage(part string, p release.Package) (name, sum string, err error) {
	packed, err := os.Open(part)
	if err != nil {
		return "", "", err
	}
	defer packed.Close()
	name = stagedName + filepath.Ext(u.Host.Target())
	to := filepath.Join(u.folder, name)
	if err := disk.RemoveAll(to); err != nil {
		return "", "", err
	}
	hash := sha256.New()
	read := io.TeeReader(packed, hash)
	err = unpack(read, to)
	if _, rest := io.Copy(io.Discard, read); rest != nil {
		err = errors.Join(err, rest)
	} else if hex.EncodeToString(hash.Sum(nil)) != p.SHA256 {
		err = errChanged // of such bytes no other error means anything
	}
	if err == nil {
		err = disk.SyncFolder(u.folder)
	}
	if err != nil {
		return "", "", errors.Join(err, disk.RemoveAll(to))
	}
	sum, err = sumOf(to)
	return name, sum, err
}

// write writes a file that can be run, durably, of so many bytes at most.
func write(name string, content io.Reader, most int64) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	written, err := io.Copy(file, io.LimitReader(content, most+1))
	switch {
	case err == nil && written > most:
		err = errTooLarge
	case err == nil:
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
