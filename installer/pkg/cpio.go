package pkg

import (
	"bytes"
	"fmt"
	"io/fs"
	"time"

	"github.com/dayline-project/dayline/installer/app"
)

// The kinds of files in a mode, as Unix has it.
const (
	unixFolder = 0o040000
	unixFile   = 0o100000
)

func unixMode(mode fs.FileMode) uint32 {
	if mode.IsDir() {
		return unixFolder | uint32(mode.Perm())
	}
	return unixFile | uint32(mode.Perm())
}

// cpio packs files and folders, all root's, in the old portable form that Apple's tools write: cpio(5), "Old ASCII".
func cpio(members []app.Member, at time.Time) []byte {
	var whole bytes.Buffer
	add := func(name string, inode int, mode uint32, links int, modified int64, content []byte) {
		// The zeros are device, owner, group, and the device that it is.
		fmt.Fprintf(&whole, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00",
			0, inode, mode, 0, 0, links, 0, modified, len(name)+1, len(content), name)
		whole.Write(content)
	}
	for i, m := range members {
		name, links := "./"+m.Path, 1
		if m.Path == "." {
			name = m.Path
		}
		if m.Mode.IsDir() {
			links = 2
		}
		add(name, i+1, unixMode(m.Mode), links, at.Unix(), m.Content)
	}
	add("TRAILER!!!", 0, 0, 1, 0, nil)
	return whole.Bytes()
}
