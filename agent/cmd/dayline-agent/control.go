package main

import (
	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/episode"
)

// Controls that Windows' service manager sends, and what some of them tell besides:
// https://learn.microsoft.com/windows/win32/api/winsvc/nc-winsvc-lphandler_function_ex
const (
	controlStop        = 0x1
	controlInterrogate = 0x4
	controlShutdown    = 0x5
	controlPower       = 0xd
	controlSession     = 0xe
	controlPreShutdown = 0xf

	// https://learn.microsoft.com/windows/win32/power/wm-powerbroadcast
	powerResumedByPerson = 0x7
	powerResumed         = 0x12

	// https://learn.microsoft.com/windows/win32/termserv/wm-wtssession-change
	sessionLocked   = 0x7
	sessionUnlocked = 0x8
)

// order is what a control asks of the service: to end by that word, to note something, or nothing.
func order(control, event uint32) (end episode.EndedBy, notice service.Notice) {
	switch control {
	case controlStop:
		return episode.ByEnd, 0
	case controlShutdown, controlPreShutdown:
		return episode.ByShutdown, 0
	case controlPower:
		if event == powerResumed || event == powerResumedByPerson {
			return "", service.NoticeResumed
		}
	case controlSession:
		// Whether a session is locked its own helper sees; which sessions there are does not change by it.
		if event != sessionLocked && event != sessionUnlocked {
			return "", service.NoticeSessions
		}
	}
	return "", 0
}
