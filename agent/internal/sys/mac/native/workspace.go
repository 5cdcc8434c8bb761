//go:build darwin || linux

package native

import (
	"errors"
	"fmt"
	"sync"

	"github.com/ebitengine/purego"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

var (
	// sendAddObserver is addObserver:selector:name:object: of NSNotificationCenter.h, sendAddDistributed the same with
	// suspensionBehavior: of NSDistributedNotificationCenter.h.
	sendAddObserver    func(center, selector, observer, method, name, sender uintptr)
	sendAddDistributed func(center, selector, observer, method, name, sender uintptr, suspension uint)
	// sendBegin is beginActivityWithOptions:reason: of NSProcessInfo.h.
	sendBegin          func(process, selector uintptr, options uint64, reason uintptr) uintptr
	workspaceFunctions = []function{
		{&sendAddObserver, libObjC, "objc_msgSend"},
		{&sendAddDistributed, libObjC, "objc_msgSend"},
		{&sendBegin, libObjC, "objc_msgSend"},
	}

	// applicationKey is where a notification's userInfo has the application.
	applicationKey uintptr
)

// notifications are those of NSWorkspace.h, by the constants that name them.
var notifications = []struct {
	kind   mac.Kind
	symbol string
	name   uintptr
}{
	{kind: mac.Activated, symbol: "NSWorkspaceDidActivateApplicationNotification"},
	{kind: mac.Ended, symbol: "NSWorkspaceDidTerminateApplicationNotification"},
	{kind: mac.LeftConsole, symbol: "NSWorkspaceSessionDidResignActiveNotification"},
	{kind: mac.OnConsole, symbol: "NSWorkspaceSessionDidBecomeActiveNotification"},
	{kind: mac.WillSleep, symbol: "NSWorkspaceWillSleepNotification"},
	{kind: mac.DidWake, symbol: "NSWorkspaceDidWakeNotification"},
	{kind: mac.DisplaysSlept, symbol: "NSWorkspaceScreensDidSleepNotification"},
	{kind: mac.DisplaysWoke, symbol: "NSWorkspaceScreensDidWakeNotification"},
	{kind: mac.WillPowerOff, symbol: "NSWorkspaceWillPowerOffNotification"},
}

// distributed are those that the login window and the screen saver send to all programs of a session. They stand in no
// header.
var distributed = map[mac.Kind]string{
	mac.Locked:       "com.apple.screenIsLocked",
	mac.Unlocked:     "com.apple.screenIsUnlocked",
	mac.SaverStarted: "com.apple.screensaver.didstart",
	mac.SaverStopped: "com.apple.screensaver.didstop",
}

// deliverImmediately is NSNotificationSuspensionBehaviorDeliverImmediately: with any other they are held back, or only
// the last is told, while the program is not in front.
const deliverImmediately = 4

func workspaceConstants() []constant {
	all := []constant{{&applicationKey, appKit, "NSWorkspaceApplicationKey"}}
	for i := range notifications {
		all = append(all, constant{&notifications[i].name, appKit, notifications[i].symbol})
	}
	return all
}

// workspace is mac.Workspace.
type workspace struct {
	main *loop
	// shared is the NSWorkspace, own and others the centers that notifications come from, follower our class.
	shared, own, others, follower uintptr
	// kinds are what the methods of that class take.
	kinds map[uintptr]mac.Kind
	selectors
}

// selectors are the names of the methods that are called.
type selectors struct {
	new, release, retain, add, addDistributed, remove               uintptr
	front, pid, name, bundle, executable, path, userInfo, objectFor uintptr
}

func newWorkspace() (*workspace, error) {
	w := &workspace{main: newLoop(cfLoopMain()), kinds: map[uintptr]mac.Kind{}}
	w.selectors = selectors{
		new: objcSelector("new"), release: objcSelector("release"), retain: objcSelector("retain"),
		add:            objcSelector("addObserver:selector:name:object:"),
		addDistributed: objcSelector("addObserver:selector:name:object:suspensionBehavior:"),
		remove:         objcSelector("removeObserver:"),
		front:          objcSelector("frontmostApplication"),
		pid:            objcSelector("processIdentifier"), name: objcSelector("localizedName"),
		bundle: objcSelector("bundleIdentifier"), executable: objcSelector("executableURL"), path: objcSelector("path"),
		userInfo: objcSelector("userInfo"), objectFor: objcSelector("objectForKey:"),
	}
	var err error
	pooled(func() { err = w.find() })
	return w, err
}

// find finds the system's objects, which last as long as the process, and makes the class that is told.
func (w *workspace) find() error {
	workspaces, err := class("NSWorkspace")
	if err != nil {
		return err
	}
	w.shared = send(workspaces, objcSelector("sharedWorkspace"))
	w.own = send(w.shared, objcSelector("notificationCenter"))
	centers, err := class("NSDistributedNotificationCenter")
	if err != nil {
		return err
	}
	w.others = send(centers, objcSelector("defaultCenter"))
	object, err := class("NSObject")
	if err != nil {
		return err
	}
	w.follower = objcNewClass(object, "DaylineFollower", 0)
	if w.follower == 0 {
		return errors.New("native: there is a class DaylineFollower already")
	}
	take := purego.NewCallback(taken)
	for kind := mac.Activated; kind <= mac.WillPowerOff; kind++ {
		method := methodFor(kind)
		w.kinds[method] = kind
		// It returns nothing and takes, after itself and the method's name, an object.
		objcAddMethod(w.follower, method, take, "v@:@")
	}
	objcRegister(w.follower)
	return nil
}

// methodFor is the name of the method that takes notices of that kind: what is called tells which came.
func methodFor(kind mac.Kind) uintptr { return objcSelector(fmt.Sprintf("take%d:", kind)) }

// Front is what mac.Workspace says.
func (w *workspace) Front() (app mac.App, ok bool) {
	pooled(func() {
		front := send(w.shared, w.front)
		app, ok = w.app(front), front != 0
	})
	return app, ok
}

// app is what an NSRunningApplication, borrowed, tells; of 0 nothing.
func (w *workspace) app(running uintptr) mac.App {
	return mac.App{
		PID:        sendInt32(running, w.pid),
		Name:       textOf(send(running, w.name)),
		Bundle:     textOf(send(running, w.bundle)),
		Executable: textOf(send(send(running, w.executable), w.path)),
	}
}

// following is who is told by an object of our class.
type following struct {
	workspace *workspace
	told      func(mac.Notice)
}

// followings are they, by that object.
var followings sync.Map

// Follow is what mac.Workspace says. Main must run: on the main thread is where the system tells, and is told who follows.
func (w *workspace) Follow(told func(mac.Notice)) (stop func()) {
	var follower uintptr
	w.onMain(func() {
		follower = send(w.follower, w.new)
		followings.Store(follower, following{w, told})
		for _, n := range notifications {
			sendAddObserver(w.own, w.add, follower, methodFor(n.kind), n.name, 0)
		}
		for kind, text := range distributed {
			name := newString(text)
			sendAddDistributed(w.others, w.addDistributed, follower, methodFor(kind), name, 0, deliverImmediately)
			cfRelease(name)
		}
	})
	return sync.OnceFunc(func() {
		w.onMain(func() {
			sendObject(w.own, w.remove, follower)
			sendObject(w.others, w.remove, follower)
			followings.Delete(follower)
			send(follower, w.release)
		})
	})
}

// onMain runs f on the main thread and waits for it; there already, it just runs it. After Main it does nothing: nothing
// more is told then.
func (w *workspace) onMain(f func()) {
	if threadIsMain() != 0 {
		pooled(f)
		return
	}
	w.main.do(f)
}

// taken is each method of our class: the system calls it on the main thread.
func taken(follower, method, notification uintptr) {
	value, _ := followings.Load(follower)
	f, ok := value.(following)
	if !ok {
		return
	}
	w := f.workspace
	w.main.guard(func() {
		notice := mac.Notice{Kind: w.kinds[method]}
		if notice.Kind == mac.Activated || notice.Kind == mac.Ended {
			notice.App = w.app(sendObject(send(notification, w.userInfo), w.objectFor, applicationKey))
		}
		f.told(notice)
	})
}
