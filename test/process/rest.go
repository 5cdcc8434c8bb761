package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Rest waits until processes, the watchers, have dealt with all that is on its way to them: they sleep and nothing wakes them,
// while the carriers, by which it comes, sleep too and so have passed on all they had. It takes as long as a busy computer makes
// it, so that nobody need guess; the error says who is still at work when the time is over. Processes that have ended are at rest.
func Rest(ctx context.Context, within time.Duration, carriers, watchers []int) error {
	return Wait(ctx, within, "process: rest", func() error {
		before, err := asleep(watchers)
		if err != nil {
			return err
		}
		if _, err := asleep(carriers); err != nil {
			return err
		}
		after, err := asleep(watchers)
		if err == nil && after != before {
			err = errors.New("they have just been at work")
		}
		return err
	})
}

// asleep tells how often each thread of processes was put to sleep until now; it is an error if one is awake.
func asleep(pids []int) (times string, err error) {
	for _, pid := range pids {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		if err != nil {
			return "", err
		}
		for _, thread := range threads {
			text, err := os.ReadFile(thread)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
				continue // ended meanwhile
			}
			if err != nil {
				return "", err
			}
			_, text, _ = bytes.Cut(text, []byte("\nState:\t"))
			_, switches, _ := bytes.Cut(text, []byte("\nvoluntary_ctxt_switches:"))
			switch state := string(text[:min(1, len(text))]); state {
			case "S":
				times += thread + string(switches)
			case "Z", "X":
			default:
				return "", fmt.Errorf("process %d is awake (%s)", pid, state)
			}
		}
	}
	return times, nil
}
