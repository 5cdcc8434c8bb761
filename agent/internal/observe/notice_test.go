package observe

import (
	"testing"

	"github.com/dayline-project/dayline/shared/episode"
)

func TestNotices(t *testing.T) {
	lock, unlock := signal{kind: signalHint, on: true}, signal{kind: signalHint}
	there, away := signal{kind: signalConsole, on: true}, signal{kind: signalConsole}
	type step struct {
		message        uint32
		wParam, lParam uintptr
		want           signal
	}
	for name, steps := range map[string][]step{
		"lock":                      {{0x2b1, 7, 1, lock}, {0x2b1, 8, 1, unlock}},
		"console lost and back":     {{0x2b1, 2, 1, away}, {0x2b1, 1, 1, there}, {0x2b1, 2, 1, away}},
		"remote lost and back":      {{0x2b1, 4, 1, away}, {0x2b1, 3, 1, there}, {0x2b1, 4, 1, away}},
		"taken over from remote":    {{0x2b1, 2, 1, away}, {0x2b1, 3, 1, there}, {0x2b1, 2, 1, signal{}}, {0x2b1, 4, 1, away}},
		"taken over by the console": {{0x2b1, 3, 1, there}, {0x2b1, 1, 1, there}, {0x2b1, 4, 1, signal{}}, {0x2b1, 2, 1, away}},
		"logged on, remote control": {{0x2b1, 5, 1, signal{}}, {0x2b1, 6, 1, signal{}}, {0x2b1, 9, 1, signal{}}},
		"sleep": {{0x218, 4, 0, signal{kind: signalSleep, on: true}}, {0x218, 18, 0, signal{kind: signalSleep}},
			{0x218, 7, 0, signal{kind: signalSleep}}, {0x218, 10, 0, signal{}}},
		"logoff":             {{0x16, 1, 0x80000000, signal{kind: signalEnds, by: episode.ByLogoff}}},
		"forced logoff":      {{0x16, 1, 0xc0000000, signal{kind: signalEnds, by: episode.ByLogoff}}},
		"shutdown":           {{0x16, 1, 0, signal{kind: signalEnds, by: episode.ByShutdown}}},
		"forced shutdown":    {{0x16, 1, 0x40000000, signal{kind: signalEnds, by: episode.ByShutdown}}},
		"closed for a file":  {{0x16, 1, 1, signal{kind: signalEnds, by: episode.ByEnd}}},
		"somebody refused":   {{0x16, 0, 0, signal{}}},
		"another message":    {{0x400, 7, 1, signal{}}},
		"a signed long word": {{0x16, 1, ^uintptr(0x7fffffff), signal{kind: signalEnds, by: episode.ByLogoff}}},
	} {
		var n notices
		for i, s := range steps {
			got, ok := n.read(s.message, s.wParam, s.lParam)
			if ok != (s.want != signal{}) || ok && got != s.want {
				t.Errorf("%s: step %d: %+v %v, want %+v", name, i, got, ok, s.want)
			}
		}
	}
}
