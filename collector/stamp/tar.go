package stamp

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/dayline-project/dayline/shared/tail"
)

// enrollFile is what a string's file is called, beside what installs it.
const enrollFile = "enroll"

// openTar: the string is a file beside install.sh, which keeps it for the agent.
func openTar(source io.ReaderAt, size int64) (Carrier, func(text string) ([]piece, error), error) {
	first, ends, err := archiveIn(io.NewSectionReader(source, 0, size))
	if err != nil || !ends {
		return None, nil, err
	}
	folder, _, _ := strings.Cut(first.Name, "/")
	return Inside, func(text string) ([]piece, error) {
		end, err := tail.With(path.Join(folder, enrollFile), text+"\n", first.ModTime)
		return []piece{part(0, size-tail.Size()), own(end)}, err
	}, nil
}

// archiveIn reads what a .tar.gz begins with, and whether it ends in what can be exchanged.
func archiveIn(archive *io.SectionReader) (first *tar.Header, ends bool, err error) {
	zipped, err := gzip.NewReader(archive)
	if err != nil {
		return nil, false, fmt.Errorf("it is no .tar.gz: %w", err)
	}
	if first, err = tar.NewReader(zipped).Next(); err != nil {
		return nil, false, fmt.Errorf("it is no .tar.gz: %w", err)
	}
	if archive.Size() < tail.Size() {
		return nil, false, errors.New("it is cut short")
	}
	end := make([]byte, tail.Size())
	if _, err := archive.ReadAt(end, archive.Size()-tail.Size()); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	return first, tail.Is(end), nil
}
