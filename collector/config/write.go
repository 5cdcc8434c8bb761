package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/dayline-project/dayline/collector"
)

// replacement is a file's new content beside it, ready to take its place.
type replacement struct {
	name, target, temporary string
}

// write puts the contents that differ in the files' place: all are prepared first, then record is called, then they take
// their places. Files keep their owner and mode, and a link stays a link. Where a file is not what before says, somebody
// else edited it: Conflict, and nothing is written.
func write(dir string, before, after map[string][]byte, record func() error) error {
	var all []replacement
	defer func() {
		for _, r := range all {
			os.Remove(r.temporary)
		}
	}()
	for _, name := range Files {
		if bytes.Equal(before[name], after[name]) {
			continue
		}
		r, err := prepare(dir, name, after[name])
		if errors.Is(err, fs.ErrPermission) {
			return collector.Refuse(collector.Conflict, "", "the collector's account may not write %s, or not beside it: edit the file itself", name)
		}
		if err != nil {
			return fmt.Errorf("config: write %s: %w", name, err)
		}
		all = append(all, r)
	}
	if now, problems := readAll(dir); len(problems) > 0 || !same(now, before) {
		return collector.Refuse(collector.Conflict, "", "the files were edited by somebody else just now; try again")
	}
	if err := record(); err != nil {
		return err
	}
	for i, r := range all {
		if err := os.Rename(r.temporary, r.target); err != nil {
			failed := fmt.Errorf("config: write %s: %w", r.name, err)
			for _, done := range all[:i] {
				back, err := prepare(dir, done.name, before[done.name])
				failed = errors.Join(failed, err)
				if err == nil {
					failed = errors.Join(failed, os.Rename(back.temporary, back.target))
				}
			}
			return failed
		}
	}
	return nil
}

func same(a, b map[string][]byte) bool {
	for _, name := range Files {
		if !bytes.Equal(a[name], b[name]) {
			return false
		}
	}
	return true
}

// prepare writes a file's new content, durably, into the folder where the file itself is.
func prepare(dir, name string, content []byte) (replacement, error) {
	r := replacement{name: name}
	var err error
	if r.target, err = filepath.EvalSymlinks(filepath.Join(dir, name)); err != nil {
		return r, err
	}
	// Who may not write the file does not get to replace it.
	old, err := os.OpenFile(r.target, os.O_WRONLY, 0)
	if err != nil {
		return r, err
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil {
		return r, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(r.target), "."+name+".*")
	if err != nil {
		return r, err
	}
	r.temporary = temporary.Name()
	_, err = temporary.Write(content)
	if owner, is := info.Sys().(*syscall.Stat_t); is && err == nil {
		err = temporary.Chown(int(owner.Uid), int(owner.Gid))
	}
	if err == nil {
		err = temporary.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		err = errors.Join(err, os.Remove(r.temporary))
	}
	return r, err
}
