package buffer

import (
	"errors"
	"os"

	bolt "go.etcd.io/bbolt"
)

// reserveBytes are kept in a file beside the buffer. A full disk refuses even deletes, since bbolt writes new pages for
// them; giving the reserve back lets them commit, and what they free lets appends go on.
const reserveBytes = 1 << 20

func (b *Buffer) reserve() string { return b.path + ".reserve" }

// keepReserve writes the reserve if it is missing; a disk too full for it is no error, later calls try again.
func (b *Buffer) keepReserve() {
	if info, err := os.Stat(b.reserve()); err == nil && info.Size() == reserveBytes {
		return
	}
	// Written out, because a file with holes reserves nothing.
	if err := os.WriteFile(b.reserve(), make([]byte, reserveBytes), 0o600); err != nil {
		os.Remove(b.reserve())
	}
}

// freeing is change for transactions that make room: on a full disk it gives the reserve back and tries once more.
func (b *Buffer) freeing(what string, act func(*bolt.Tx) error) error {
	err := b.change(what, act)
	if !errors.Is(err, ErrDiskFull) {
		return err
	}
	if os.Remove(b.reserve()) != nil {
		return err
	}
	return b.change(what, act)
}
