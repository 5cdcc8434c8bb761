//go:build darwin || linux

package native

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/ebitengine/purego"
)

var (
	threadIsMain       func() int32
	cfLoopMain         func() uintptr
	cfLoopCurrent      func() uintptr
	cfLoopRun          func(mode uintptr, seconds float64, once bool) int32
	cfLoopWake         func(loop uintptr)
	cfLoopAdd          func(loop, source, mode uintptr)
	cfSourceCreate     func(allocator uintptr, order int, context *sourceContext) uintptr
	cfSourceSignal     func(source uintptr)
	cfSourceInvalidate func(source uintptr)
	loopFunctions      = []function{
		{&threadIsMain, libSystem, "pthread_main_np"},
		{&cfLoopMain, coreFoundation, "CFRunLoopGetMain"},
		{&cfLoopCurrent, coreFoundation, "CFRunLoopGetCurrent"},
		{&cfLoopRun, coreFoundation, "CFRunLoopRunInMode"},
		{&cfLoopWake, coreFoundation, "CFRunLoopWakeUp"},
		{&cfLoopAdd, coreFoundation, "CFRunLoopAddSource"},
		{&cfSourceCreate, coreFoundation, "CFRunLoopSourceCreate"},
		{&cfSourceSignal, coreFoundation, "CFRunLoopSourceSignal"},
		{&cfSourceInvalidate, coreFoundation, "CFRunLoopSourceInvalidate"},
	}

	defaultMode   uintptr
	loopConstants = []constant{{&defaultMode, coreFoundation, "kCFRunLoopDefaultMode"}}
)

// sourceContext is CFRunLoopSourceContext of CFRunLoop.h, version 0. CoreFoundation copies it.
type sourceContext struct {
	version, info uintptr
	// retain, release, copyDescription, equal, hash, schedule and cancel: none.
	_       [7]uintptr
	perform uintptr
}

// loop is a thread's run loop with a source of its own, by which other threads have functions run there. What the source
// is signalled for before the loop runs is done once it does.
type loop struct {
	ref, source uintptr
	number      uintptr
	// panicked is what a callback on the thread would have thrown through the system's frames.
	panicked any

	mu    sync.Mutex
	queue []func()
	ended bool
}

var (
	// loops are those that run, by number: what a source tells when it is performed.
	loops  sync.Map
	looped atomic.Uint64
	// perform lasts as long as the process, as all callbacks do.
	perform = sync.OnceValue(func() uintptr { return purego.NewCallback(performed) })
)

// newLoop is for a thread's run loop, borrowed. It has to be run, which is what ends it.
func newLoop(ref uintptr) *loop {
	l := &loop{ref: ref, number: uintptr(looped.Add(1))}
	l.source = cfSourceCreate(0, 0, &sourceContext{version: 0, info: l.number, perform: perform()})
	loops.Store(l.number, l)
	cfLoopAdd(ref, l.source, defaultMode)
	return l
}

// sometimes is how often a loop to which nothing happens drains its pool, in seconds: what the system itself did on
// the thread may have left something there.
const sometimes = 60

// run runs the loop on its thread, which calls it and is locked, until it quits. After each thing that happens, what was
// left to the autorelease pool is released.
func (l *loop) run() {
	defer l.close()
	for !l.isEnded() {
		pooled(func() { cfLoopRun(defaultMode, sometimes, true) })
		if l.panicked != nil {
			panic(l.panicked)
		}
	}
}

func (l *loop) isEnded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// close does what is still queued, so that nobody waits for it for ever.
func (l *loop) close() {
	l.quit()
	performed(l.number)
	loops.Delete(l.number)
	cfSourceInvalidate(l.source)
	cfRelease(l.source)
}

// quit has run return, after what is queued.
func (l *loop) quit() {
	l.post(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ended = true
	})
}

// post has f run on the loop's thread, after what was posted before; false once the loop ended, which never runs it.
func (l *loop) post(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	l.queue = append(l.queue, f)
	cfSourceSignal(l.source)
	cfLoopWake(l.ref)
	return true
}

// do is post that waits. On the loop's own thread it would wait for itself.
func (l *loop) do(f func()) bool {
	done := make(chan struct{})
	if !l.post(func() {
		defer close(done)
		f()
	}) {
		return false
	}
	<-done
	return true
}

// performed is the source's: CFRunLoopSourceContext's perform.
func performed(number uintptr) {
	value, _ := loops.Load(number)
	l, ok := value.(*loop)
	if !ok {
		return
	}
	l.mu.Lock()
	queue := l.queue
	l.queue = nil
	l.mu.Unlock()
	for _, f := range queue {
		l.guard(f)
	}
}

// guard runs what the system calls on this thread, with an autorelease pool of its own. A panic does not pass through the
// system's frames: the loop ends with it.
func (l *loop) guard(f func()) {
	defer func() {
		if cause := recover(); cause != nil {
			l.panicked = fmt.Sprintf("%v\n\n%s", cause, debug.Stack())
		}
	}()
	pooled(f)
}
