//go:build darwin || linux

package native

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ebitengine/purego"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

var (
	axObserverCreate    func(pid int32, callback uintptr, observer *uintptr) int32
	axObserverAdd       func(observer, element, notification, told uintptr) int32
	axObserverRemove    func(observer, element, notification uintptr) int32
	axObserverSource    func(observer uintptr) uintptr
	axObserverFunctions = []function{
		{&axObserverCreate, applicationServices, "AXObserverCreate"},
		{&axObserverAdd, applicationServices, "AXObserverAddNotification"},
		{&axObserverRemove, applicationServices, "AXObserverRemoveNotification"},
		{&axObserverSource, applicationServices, "AXObserverGetRunLoopSource"},
	}
)

var (
	// observers are those that are open, by number: what a notification brings along.
	observers sync.Map
	observed  atomic.Uint64
	// notify lasts as long as the process, as all callbacks do.
	notify = sync.OnceValue(func() uintptr { return purego.NewCallback(notified) })
	// axLoop is the loop of the thread that all observers' notifications come on. It runs as long as the process.
	axLoop = sync.OnceValue(func() *loop {
		started := make(chan *loop)
		go func() {
			runtime.LockOSThread()
			l := newLoop(cfLoopCurrent())
			started <- l
			l.run()
		}()
		return <-started
	})
)

// observer is mac.Observer: an AXObserver.
type observer struct {
	pid    int32
	told   func(notification string, element uint64)
	number uintptr

	mu sync.Mutex
	// ref is 0 once it is closed.
	ref uintptr
}

func (a *accessibility) Observe(pid int32, told func(notification string, element uint64)) (mac.Observer, error) {
	a.bound()
	o := &observer{pid: pid, told: told, number: uintptr(observed.Add(1))}
	var code int32
	pooled(func() { code = axObserverCreate(pid, notify(), &o.ref) })
	if code != 0 {
		return nil, fmt.Errorf("native: AXObserverCreate: %w", failure(code))
	}
	observers.Store(o.number, o)
	cfLoopAdd(axLoop().ref, axObserverSource(o.ref), defaultMode)
	return o, nil
}

// notified is AXObserverCallback of AXUIElement.h. What it is given is borrowed. The observer may be closed by now.
func notified(_, ref, notification, number uintptr) uintptr {
	value, _ := observers.Load(number)
	if o, ok := value.(*observer); ok {
		axLoop().guard(func() { o.told(textOf(notification), identity(o.pid, ref)) })
	}
	return 0
}

func (o *observer) Add(e mac.Element, notification string) error {
	return o.change(e, notification, axAlreadyRegistered, func(ref, name uintptr) int32 {
		return axObserverAdd(o.ref, ref, name, o.number)
	})
}

func (o *observer) Remove(e mac.Element, notification string) error {
	return o.change(e, notification, axNotRegistered, func(ref, name uintptr) int32 {
		return axObserverRemove(o.ref, ref, name)
	})
}

// change asks the process for what is to be told from now on; so it was already where that is what it answers.
func (o *observer) change(e mac.Element, notification string, already int32, ask func(ref, name uintptr) int32) (err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ref := e.(*element).ref
	if o.ref == 0 || ref == 0 {
		return fmt.Errorf("native: %s: %w", notification, mac.ErrGone)
	}
	pooled(func() {
		name := newString(notification)
		defer cfRelease(name)
		if code := ask(ref, name); code != 0 && code != already {
			err = fmt.Errorf("native: %s: %w", notification, failure(code))
		}
	})
	return err
}

// Close ends it on the thread that its notifications come on, so never below one that is under way: that one may still
// be told.
func (o *observer) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ref == 0 {
		return
	}
	ref := o.ref
	o.ref = 0
	observers.Delete(o.number)
	axLoop().post(func() {
		cfSourceInvalidate(axObserverSource(ref))
		cfRelease(ref)
	})
}
