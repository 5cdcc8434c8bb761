package classify

import (
	"reflect"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
)

func TestListPending(t *testing.T) {
	const m = time.Minute
	got := ListPending([]collector.SubjectSum{
		// Two browsers, one site: 4 + 3 + 2 minutes of people 0, 1 and 70.
		{App: "chrome.exe", Site: "youtube.com", Active: 4 * m, People: []uint64{1}},
		{App: "firefox", Site: "youtube.com", Active: 3 * m, Passive: 2 * m, People: []uint64{3, 1 << 6}},
		// Time in the browser without an address is the browser's.
		{App: "chrome.exe", Names: collector.Names{Product: "Google Chrome"}, Active: 6 * m, People: []uint64{1}},
		{App: "chrome.exe", Active: 3 * m, People: []uint64{1}},
		{App: "OWN.EXE", Names: collector.Names{Product: "Own"}, Active: 20 * m, People: []uint64{4}},
		// One name of two programs on Macs.
		{App: "Electron", Names: collector.Names{Product: "Notes", Bundle: "org.example.Notes"}, Active: 7 * m, People: []uint64{1}},
		{App: "Electron", Names: collector.Names{Product: "Chat", Bundle: "org.example.Chat"}, Active: 8 * m, People: []uint64{1}},
		// Not over five minutes, and what is ignored.
		{App: "short.exe", Active: 5 * m, People: []uint64{1}},
		{App: "done.exe", Active: 50 * m, Class: collector.Class{Ignored: true}, People: []uint64{1}},
		{App: "", Active: 50 * m, People: []uint64{1}},
	})
	want := []PendingSubject{
		{Subject: Subject{App: "OWN.EXE"}, Names: collector.Names{Product: "Own"}, For: 20 * m, People: 1},
		{Subject: Subject{App: "Electron"}, Names: collector.Names{Product: "Chat", Bundle: "org.example.Chat"}, For: 15 * m, People: 1},
		{Subject: Subject{Site: "youtube.com"}, For: 9 * m, People: 3, Category: "Video"},
		{Subject: Subject{App: "chrome.exe"}, Names: collector.Names{Product: "Google Chrome"}, For: 9 * m, People: 1, Category: "Browsers"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}
