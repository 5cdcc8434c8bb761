package mdm

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/dayline-project/dayline/collector/xar"
	"github.com/dayline-project/dayline/shared/codesign"
)

// loadPkg reads the app that a package installs, signed or not.
func loadPkg(name string) (codesign.Files, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	archive, err := xar.Open(file, info.Size())
	if err != nil {
		return nil, err
	}
	payload, _, err := archive.Read("Payload", maxAppBytes)
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	return loadCPIO(io.LimitReader(unpacked, maxAppBytes))
}

// The old portable form of cpio(5): a header of octal digits, the name with a zero after it, the file; a trailer ends it.
const (
	cpioHeader  = 76
	cpioMagic   = "070707"
	cpioTrailer = "TRAILER!!!"
	maxCPIOName = 4096
	cpioKind    = 0o170000
	cpioFolder  = 0o040000
	cpioFile    = 0o100000
)

func loadCPIO(r io.Reader) (codesign.Files, error) {
	app := appFiles{files: codesign.Files{}}
	header := make([]byte, cpioHeader)
	for {
		if _, err := io.ReadFull(r, header); err != nil {
			return nil, fmt.Errorf("what it installs ends too early: %w", err)
		}
		mode, err := strconv.ParseUint(string(header[18:24]), 8, 32)
		length, err2 := strconv.ParseInt(string(header[59:65]), 8, 64)
		size, err3 := strconv.ParseInt(string(header[65:76]), 8, 64)
		if err := errors.Join(err, err2, err3); err != nil || string(header[:6]) != cpioMagic || length < 1 || length > maxCPIOName {
			return nil, errors.New("what it installs is no archive of cpio's old portable form")
		}
		name := make([]byte, length)
		if _, err := io.ReadFull(r, name); err != nil {
			return nil, err
		}
		path, content := strings.TrimSuffix(string(name), "\x00"), io.LimitReader(r, size)
		if path == cpioTrailer {
			return app.whole()
		}
		if mode&cpioKind != cpioFolder {
			if err := app.add(path, mode&cpioKind == cpioFile, size, content); err != nil {
				return nil, err
			}
		}
		// Of another's file nothing was read.
		if _, err := io.Copy(io.Discard, content); err != nil {
			return nil, err
		}
	}
}
