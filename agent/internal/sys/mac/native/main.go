//go:build darwin || linux

package native

import (
	"sync"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

// system is mac.System.
type system struct {
	*workspace
	accessibility
}

// opened finds all that is called of macOS; once, for a process has one main thread and one of each class.
var opened = sync.OnceValues(func() (*system, error) {
	if err := load(functions(), constants()); err != nil {
		return nil, err
	}
	w, err := newWorkspace()
	if err != nil {
		return nil, err
	}
	return &system{workspace: w}, nil
})

// Open is the process's macOS; its error names what this macOS does not have. Main has to run for it to tell anything.
func Open() (mac.System, error) {
	s, err := opened()
	if err != nil {
		return nil, err
	}
	return s, nil
}

// allowingSleep is NSActivityUserInitiatedAllowingIdleSystemSleep of NSProcessInfo.h: the process is not put to rest for
// having no window (App Nap); the computer may sleep.
const allowingSleep = 0x00efffff

// Main runs work on a goroutine of its own while the main thread, which has to call it, runs its run loop: there the system
// tells what it tells, and what is in front changes for the process only while that runs. It returns work's result. Without
// macOS's libraries it just runs work, to which Open then says what is wrong.
func Main(work func() int) int {
	s, err := opened()
	if err != nil {
		return work()
	}
	defer s.stayAwake()()
	var result int
	go func() {
		defer s.main.quit()
		result = work()
	}()
	s.main.run()
	return result
}

// stayAwake tells the system that the process is at work, until rest.
func (w *workspace) stayAwake() (rest func()) {
	var process, activity uintptr
	pooled(func() {
		process = send(objcClass("NSProcessInfo"), objcSelector("processInfo"))
		reason := newString("Dayline records which application is in front")
		defer cfRelease(reason)
		activity = send(sendBegin(process, objcSelector("beginActivityWithOptions:reason:"), allowingSleep, reason), w.retain)
	})
	return func() {
		pooled(func() {
			sendObject(process, objcSelector("endActivity:"), activity)
			send(activity, w.release)
		})
	}
}
