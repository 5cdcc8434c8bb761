//go:build darwin || linux

package native

import (
	"math"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/mac"
)

var (
	cgSessionCopy      func() uintptr
	cgSinceInput       func(state int32, kind uint32) float64
	cgMainDisplay      func() uint32
	cgDisplayIsAsleep  func(display uint32) int32
	securitySessionGet func(session uint32, id, attributes *uint32) int32
	sessionFunctions   = []function{
		{&cgSessionCopy, coreGraphics, "CGSessionCopyCurrentDictionary"},
		{&cgSinceInput, coreGraphics, "CGEventSourceSecondsSinceLastEventType"},
		{&cgMainDisplay, coreGraphics, "CGMainDisplayID"},
		{&cgDisplayIsAsleep, coreGraphics, "CGDisplayIsAsleep"},
		{&securitySessionGet, security, "SessionGetInfo"},
	}
)

const (
	// The states input is counted in, and any kind of it: CGEventTypes.h. The first is of this session, and has what
	// programs and other computers' keyboards make; the second is of the hardware.
	combinedSessionState = 0
	hardwareState        = 1
	anyInput             = math.MaxUint32
	// callersSession is callerSecuritySession of AuthSession.h.
	callersSession = math.MaxUint32

	// onConsoleKey is kCGSessionOnConsoleKey of CGSession.h. The key of the lock stands in no header; it is absent while
	// the session is not locked.
	onConsoleKey = "kCGSSessionOnConsoleKey"
	lockedKey    = "CGSSessionScreenIsLocked"
)

// Idle is what mac.Workspace says.
func (*workspace) Idle() (session, hardware time.Duration) {
	return seconds(cgSinceInput(combinedSessionState, anyInput)), seconds(cgSinceInput(hardwareState, anyInput))
}

// ahead is how much later than now an input may be dated, in seconds: it is of just now.
const ahead = 1

// seconds is the longest time for what is longer, and for what is no length of time: of that no input follows.
func seconds(s float64) time.Duration {
	if s >= -ahead && s < math.MaxInt64/float64(time.Second) {
		return time.Duration(max(0, s) * float64(time.Second))
	}
	return math.MaxInt64
}

// Session is what mac.Workspace says. Its ID is 0 where the system does not tell it.
func (*workspace) Session() (state mac.Session, ok bool) {
	pooled(func() {
		dictionary := cgSessionCopy()
		if dictionary == 0 {
			return
		}
		defer cfRelease(dictionary)
		var id, attributes uint32
		if securitySessionGet(callersSession, &id, &attributes) != 0 {
			id = 0
		}
		ok = true
		state = mac.Session{
			ID:            id,
			OnConsole:     says(dictionary, onConsoleKey),
			Locked:        says(dictionary, lockedKey),
			DisplayAsleep: cgDisplayIsAsleep(cgMainDisplay()) != 0,
		}
	})
	return state, ok
}

// says: a dictionary has a yes under that key.
func says(dictionary uintptr, key string) bool {
	name := newString(key)
	defer cfRelease(name)
	return isTrue(cfDictionaryValue(dictionary, name))
}
