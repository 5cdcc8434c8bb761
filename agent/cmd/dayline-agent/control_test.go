package main

import (
	"testing"

	"github.com/dayline-project/dayline/agent/internal/service"
	"github.com/dayline-project/dayline/shared/episode"
)

func TestWhatAControlAsks(t *testing.T) {
	for _, test := range []struct {
		name           string
		control, event uint32
		end            episode.EndedBy
		notice         service.Notice
	}{
		{"stop", controlStop, 0, episode.ByEnd, 0},
		{"shutdown", controlShutdown, 0, episode.ByShutdown, 0},
		{"pre-shutdown", controlPreShutdown, 0, episode.ByShutdown, 0},
		{"interrogate", controlInterrogate, 0, "", 0},
		{"suspend", controlPower, 0x4, "", 0},
		{"mains or battery", controlPower, 0xa, "", 0},
		{"resumed", controlPower, 0x12, "", service.NoticeResumed},
		{"resumed by a person", controlPower, 0x7, "", service.NoticeResumed},
		{"console connected", controlSession, 0x1, "", service.NoticeSessions},
		{"remote disconnected", controlSession, 0x4, "", service.NoticeSessions},
		{"logon", controlSession, 0x5, "", service.NoticeSessions},
		{"logoff", controlSession, 0x6, "", service.NoticeSessions},
		{"lock", controlSession, 0x7, "", 0},
		{"unlock", controlSession, 0x8, "", 0},
		{"a user's own code", 200, 0, "", 0},
	} {
		end, notice := order(test.control, test.event)
		if end != test.end || notice != test.notice {
			t.Errorf("%s: %q %v, want %q %v", test.name, end, notice, test.end, test.notice)
		}
	}
}
