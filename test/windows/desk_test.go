// Package windows holds the tests of the agent as Windows runs it, end to end: the real service and the helper it starts
// under Wine, programs with real windows, and a real collector on Linux.
package windows

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
	"github.com/dayline-project/dayline/test/wine"
)

const (
	// noticeWindow is the class of the helper's window that Windows tells of locks and sleep; Wine never does.
	noticeWindow = "DaylineNotices"
	// state is where the agent keeps everything.
	state = `C:\ProgramData\Dayline`
	// pollEvery is the helper's safety poll.
	pollEvery = 10 * time.Second
)

// The person's programs: one says what it is, one only what it belongs to, one nothing; and a browser.
var (
	invoices = wine.Program{File: "invoices.exe", Description: "Invoices", Product: "Office"}
	letters  = wine.Program{File: "Letters.exe", Product: "Letters 7"}
	plain    = wine.Program{File: "plain.exe"}
	chrome   = wine.Program{File: "chrome.exe", Description: "Google Chrome", Product: "Google Chrome"}
)

// desk is a computer with Windows and a collector.
type desk struct {
	*wine.Machine
	*site.Site
	// bare is every file there was before the agent came.
	bare map[string]bool
}

// newDesk installs the agent with its own command, enrols it, and waits until the service has started the helper.
func newDesk(t *testing.T, account string) *desk {
	t.Helper()
	d := &desk{Site: site.New(t, rig.Options{Account: account}), Machine: wine.New(t)}
	mustDo(t, d.PutAgent())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the service said: %s", site.Contents(t, d.Path(state), "*.log"))
		}
	})
	d.bare = d.files(t)
	mustDo(t, d.InstallAgent(t.Context()))
	d.agent(t, "enroll", must(d.Collector.Link(t.Context()))(t))
	d.helper(t, 0)
	return d
}

// agent runs one of the agent's commands as the person who is logged in.
func (d *desk) agent(t *testing.T, args ...string) []byte {
	t.Helper()
	return must(d.Run(t.Context(), append([]string{wine.Agent}, args...)...))(t)
}

// status is what of `status --json` is looked at.
type status struct {
	Running, Enrolled, Connected bool
	BufferedEpisodes             int `json:"buffered_episodes"`
	Logins                       []struct {
		Login           string
		Collect, Paused bool
		Sessions        int
		Capture         []struct{ Subject, Level string }
	}
}

func (d *desk) status(t *testing.T) (s status) {
	t.Helper()
	text := d.agent(t, "status", "--json")
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatalf("status: %v: %s", err, text)
	}
	return s
}

// service gives the service's process.
func (d *desk) service(t *testing.T) int {
	t.Helper()
	pids := d.PIDs("service --managed")
	if len(pids) != 1 {
		t.Fatalf("%d services run", len(pids))
	}
	return pids[0]
}

// helper waits for the one helper there has to be, another than the one before, and gives its process.
func (d *desk) helper(t *testing.T, before int) (pid int) {
	t.Helper()
	site.Eventually(t, time.Minute, "one helper", func() error {
		pids := d.PIDs("session --pipe")
		if len(pids) != 1 || pids[0] == before {
			return fmt.Errorf("they are %v", pids)
		}
		pid = pids[0]
		return nil
	})
	return pid
}

// kill ends the helper as Windows' Task Manager does, and tells when.
func (d *desk) kill(t *testing.T, by *wine.Puppet) time.Time {
	t.Helper()
	helper := d.helper(t, 0)
	// Windows' own number of it is in the log alone.
	told := started.FindAllSubmatch(site.Contents(t, d.Path(state), "agent.log"), -1)
	if len(told) == 0 {
		t.Fatal("the log does not tell which helper was started")
	}
	pid := must(strconv.ParseUint(string(told[len(told)-1][1]), 10, 32))(t)
	mustDo(t, by.Kill(uint32(pid)))
	killed := time.Now()
	d.helper(t, helper)
	return killed
}

var started = regexp.MustCompile(`msg="session helper started".* pid=(\d+)`)

// open opens programs, each under its file's name for a title.
func (d *desk) open(t *testing.T, programs ...wine.Program) (opened []*wine.Puppet) {
	t.Helper()
	for _, program := range programs {
		p, _, err := d.Open(t.Context(), program, strings.TrimSuffix(program.File, ".exe"))
		opened = append(opened, must(p, err)(t))
	}
	return opened
}

// row waits for an episode that is as it has to be.
func (d *desk) row(t *testing.T, what string, right func(rig.Row) bool) (found rig.Row) {
	t.Helper()
	site.Eventually(t, time.Minute, what, func() error {
		rows, err := d.Collector.Activity(t.Context())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if right(row) {
				found = row
				return nil
			}
		}
		return fmt.Errorf("no such episode: %+v", rows[max(0, len(rows)-3):])
	})
	return found
}

// watches waits until the helper sees what is in front: it shows one title after another until one arrives.
func (d *desk) watches(t *testing.T, p *wine.Puppet) {
	t.Helper()
	n, before := 0, time.Now()
	site.Eventually(t, time.Minute, "the helper captures", func() error {
		n++
		must(p.Retitle(fmt.Sprintf("waiting %s %d", before.Format(time.TimeOnly), n)))(t)
		must(p.Front())(t)
		must(p.Input())(t)
		rows, err := d.Collector.Activity(t.Context())
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.App == strings.ToLower(p.File) && row.Start.After(before) {
				return nil
			}
		}
		return rig.ErrNoRows
	})
}

// files are those on drive C, without what Windows keeps for itself.
func (d *desk) files(t *testing.T) map[string]bool {
	t.Helper()
	found, root := map[string]bool{}, d.Path(`C:\`)
	err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		found[strings.TrimPrefix(name, root)] = true
		return err
	})
	mustDo(t, err)
	return found
}

func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		mustDo(t, err)
		return value
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
