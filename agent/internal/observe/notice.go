package observe

import "github.com/dayline-project/dayline/shared/episode"

// The messages by which Windows gives notice, and their words.
const (
	// https://learn.microsoft.com/windows/win32/shutdown/wm-endsession
	wmEndSession = 0x0016
	endCloseApp  = 0x00000001
	endLogoff    = 0x80000000

	// https://learn.microsoft.com/windows/win32/power/wm-powerbroadcast
	wmPowerBroadcast = 0x0218
	powerSuspend     = 0x0004
	powerResume      = 0x0007
	powerResumeAuto  = 0x0012

	// https://learn.microsoft.com/windows/win32/termserv/wm-wtssession-change
	wmSessionChange   = 0x02b1
	consoleConnect    = 1
	consoleDisconnect = 2
	remoteConnect     = 3
	remoteDisconnect  = 4
	sessionLock       = 7
	sessionUnlock     = 8
)

// notices reads what Windows gives notice of.
type notices struct {
	// connected is how the session was connected last, consoleConnect or remoteConnect, if that was told.
	connected uintptr
}

// read gives the signal of a message; ok is false where it has none.
func (n *notices) read(message uint32, wParam, lParam uintptr) (s signal, ok bool) {
	switch {
	case message == wmSessionChange:
		return n.session(wParam)
	case message == wmPowerBroadcast && wParam == powerSuspend:
		return signal{kind: signalSleep, on: true}, true
	case message == wmPowerBroadcast && (wParam == powerResume || wParam == powerResumeAuto):
		return signal{kind: signalSleep}, true
	case message == wmEndSession && wParam != 0:
		return signal{kind: signalEnds, by: endedBy(lParam)}, true
	}
	return signal{}, false
}

func (n *notices) session(change uintptr) (s signal, ok bool) {
	switch change {
	case sessionLock, sessionUnlock:
		return signal{kind: signalHint, on: change == sessionLock}, true
	case consoleConnect, remoteConnect:
		n.connected = change
		return signal{kind: signalConsole, on: true}, true
	case consoleDisconnect, remoteDisconnect:
		// Who takes a session over from the console, or back, may be connected before that is told of as over.
		left := change - 1
		return signal{kind: signalConsole}, n.connected == 0 || n.connected == left
	}
	return signal{}, false
}

// endedBy is the word a session ends with: closed because a file of ours is being replaced is no end of the session.
func endedBy(flags uintptr) episode.EndedBy {
	switch {
	case flags&endLogoff != 0:
		return episode.ByLogoff
	case flags&endCloseApp != 0:
		return episode.ByEnd
	}
	return episode.ByShutdown
}
