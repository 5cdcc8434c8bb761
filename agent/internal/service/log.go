package service

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

// maxLogBytes of a log; the one before it is kept beside it.
const maxLogBytes = 1 << 20

// Log is the file that a service writes to where the system keeps nothing of what it says. It takes no more than twice
// maxLogBytes. Safe for several goroutines.
type Log struct {
	mu   sync.Mutex
	path string
	file *os.File
	size int64
}

// OpenLog goes on with the log at this path. A crash of the program is written there too.
func OpenLog(path string) (*Log, error) {
	l := &Log{path: path}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("service: log: %w", err)
	}
	return l, nil
}

func (l *Log) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		err = debug.SetCrashOutput(file, debug.CrashOptions{})
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write adds a line. Where no new log can be begun, the old one goes on.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+int64(len(line)) > maxLogBytes {
		if err := os.Rename(l.path, olderLog(l.path)); err == nil {
			full := l.file
			if err := l.open(); err == nil {
				full.Close()
			}
		}
	}
	n, err := l.file.Write(line)
	l.size += int64(n)
	return n, err
}

// Close ends it.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(debug.SetCrashOutput(nil, debug.CrashOptions{}), l.file.Close())
}

// olderLog is the one before it.
func olderLog(path string) string { return path + ".1" }
