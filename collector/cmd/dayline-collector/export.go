package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// received is a stream of a file's pieces.
type received = *connect.ServerStreamForClient[adminv1.ExportChunk]

// save writes a stream into a file, or to the standard output where none is named and people would not see bytes.
func (i *invocation) save(stream received, file string) error {
	defer stream.Close()
	if file != "" {
		return writeFile(file, func(w io.Writer) error { return copyTo(w, stream) })
	}
	if isTerminal(i.out) {
		return usage("this is a file for programs: name a file to write, or send it to another program")
	}
	return copyTo(i.out, stream)
}

// copyTo gives an error where the stream ends before the file is whole.
func copyTo(w io.Writer, stream received) error {
	for stream.Receive() {
		if _, err := w.Write(stream.Msg().Data); err != nil {
			return err
		}
	}
	return stream.Err()
}

// writeFile makes a file, for its owner alone, that is whole or not there; one that was there stays until then.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS) // a device alone may be /dev/null
	return err == nil
}
