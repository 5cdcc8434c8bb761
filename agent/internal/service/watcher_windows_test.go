package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// As what the service manager starts this test's program with has it be.
const (
	asWatcher = "update"
	asService = "obedient"
	asDeaf    = "deaf"
)

// TestMain has this program be a service of the tests' own, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch as := os.Args[1]; as {
		case asWatcher, asService, asDeaf:
			if err := svc.Run(Name, managed{deaf: as == asDeaf}); err != nil {
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// managed is a service that stops when it is told to, or never.
type managed struct{ deaf bool }

func (m managed) Execute(_ []string, requests <-chan svc.ChangeRequest, statuses chan<- svc.Status) (bool, uint32) {
	statuses <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop}
	for request := range requests {
		if request.Cmd == svc.Interrogate {
			statuses <- request.CurrentStatus
		}
		if request.Cmd == svc.Stop && !m.deaf {
			break
		}
	}
	return false, 0
}

// manager of the computer's services.
func manager(t *testing.T) *mgr.Mgr {
	t.Helper()
	m, err := mgr.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Disconnect() })
	return m
}

// exists tells whether there is a service of this name, and its process, 0 where none runs.
func exists(t *testing.T, name string) (process uint32, ok bool) {
	t.Helper()
	s, err := manager(t).OpenService(name)
	if err != nil {
		return 0, false
	}
	defer s.Close()
	status, err := s.Query()
	if err != nil {
		t.Fatal(err)
	}
	if status.State == svc.Stopped || !lives(status.ProcessId) {
		return 0, true
	}
	return status.ProcessId, true
}

func lives(process uint32) bool {
	handle, err := windows.OpenProcess(windows.SYNCHRONIZE, false, process)
	if err != nil {
		return false
	}
	defer windows.CloseHandle(handle)
	over, err := isOver(handle)
	return err == nil && !over
}

func TestAWatcherRunsUntilItIsTakenBack(t *testing.T) {
	folder := t.TempDir()
	own, err := ownPath()
	if err != nil {
		t.Fatal(err)
	}
	u := updates{filepath.Join(folder, "agent.exe"), folder}
	if got := (updates{program: own}).Aside(); !strings.HasSuffix(got, "-watcher.exe") || filepath.Dir(got) != filepath.Dir(own) {
		t.Errorf("aside of %s lies %s", own, got)
	}
	if err := os.WriteFile(u.Aside(), []byte("of an older version"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // also where a former one was taken back
		if err := u.Watch(t.Context()); err != nil {
			t.Fatal(err)
		}
		process, _ := exists(t, watcherName)
		if process == 0 {
			t.Fatal("no watcher runs")
		}
		if err := u.Watch(t.Context()); err != nil {
			t.Error(err)
		}
		if now, _ := exists(t, watcherName); now != process {
			t.Error("watching twice made another watcher")
		}
		for range 2 {
			if err := u.Unwatch(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, ok := exists(t, watcherName); ok || lives(process) {
			t.Errorf("the watcher is left: service %t, process %t", ok, lives(process))
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
			t.Errorf("left %v, %v", left, err)
		}
	}
}

// serviceOf installs this test's program as the service.
func serviceOf(t *testing.T, as string) {
	t.Helper()
	own, err := ownPath()
	if err != nil {
		t.Fatal(err)
	}
	s, err := manager(t).CreateService(Name, own, mgr.Config{}, as)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Cleanup(func() {
		s, err := manager(t).OpenService(Name)
		if err == nil {
			defer s.Close()
			err = s.Delete()
		}
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAServiceIsEndedAndStarted(t *testing.T) {
	if err := (updates{}).Start(t.Context()); err == nil || !strings.Contains(err.Error(), ErrNotInstalled.Error()) {
		t.Errorf("where none is: %v", err)
	}
	for as, patience := range map[string]time.Duration{asService: endWithin, asDeaf: 10 * time.Millisecond} {
		t.Run(as, func(t *testing.T) {
			serviceOf(t, as)
			stop := func() error {
				return withService("stop", func(s *mgr.Service) error { return ended(t.Context(), s, patience) })
			}
			for range 2 {
				for range 2 {
					if err := (updates{}).Start(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				process, _ := exists(t, Name)
				if process == 0 {
					t.Fatal("it does not run")
				}
				for range 2 {
					if err := stop(); err != nil {
						t.Fatal(err)
					}
					if lives(process) {
						t.Error("its process lives on")
					}
				}
			}
		})
	}
}
