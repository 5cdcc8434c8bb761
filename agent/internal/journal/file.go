package journal

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

// fileBytes is how long the file grows before it becomes the older one, whose place it takes.
const fileBytes = 512 << 10

// olderSuffix is the older file's.
const olderSuffix = ".1"

// File is a log file of bounded size. It is safe for use by several goroutines.
type File struct {
	path  string
	limit int64

	mu   sync.Mutex
	file *os.File
	size int64
}

// OpenFile opens the file at this path, to write on behind what it holds.
func OpenFile(path string) (*File, error) {
	f := &File{path: path, limit: fileBytes}
	if err := f.open(os.O_APPEND); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	return f, nil
}

func (f *File) open(how int) error {
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|how, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	f.file, f.size = file, info.Size()
	return nil
}

// Write appends one record.
func (f *File) Write(record []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil || f.size > 0 && f.size+int64(len(record)) > f.limit {
		if err := f.turn(); err != nil {
			return 0, fmt.Errorf("journal: %w", err)
		}
	}
	n, err := f.file.Write(record)
	f.size += int64(n)
	return n, err
}

// turn begins a new file. Where somebody who reads the old one keeps it from being renamed, it is begun anew in place:
// the bound goes before the past.
func (f *File) turn() error {
	if f.file != nil {
		f.file.Close()
		f.file = nil
	}
	if os.Rename(f.path, f.path+olderSuffix) != nil {
		return f.open(os.O_TRUNC)
	}
	return f.open(os.O_APPEND)
}

// Close closes the file.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return file.Close()
}

// crashBytes is how long the file of crashes grows before it is begun anew.
const crashBytes = 256 << 10

// KeepCrashes has the runtime write what it says as the program crashes into the file at this path, behind what it holds.
func KeepCrashes(path string) error {
	how := os.O_APPEND
	if info, err := os.Stat(path); err == nil && info.Size() > crashBytes {
		how = os.O_TRUNC
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|how, 0o600)
	if err == nil {
		err = debug.SetCrashOutput(file, debug.CrashOptions{})
		file.Close() // the runtime keeps a handle of its own
	}
	if err != nil {
		return fmt.Errorf("journal: crashes: %w", err)
	}
	return nil
}
