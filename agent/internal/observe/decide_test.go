package observe

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/privacy"
)

var (
	noon   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("", 3600))
	second = time.Second
)

// at is a reading with the machine awake and the wall clock right.
func at(passed time.Duration) reading {
	return reading{boot: passed, mono: time.Hour + passed, wall: noon.Add(passed)}
}

func TestTimeline(t *testing.T) {
	for name, test := range map[string]struct {
		readings []reading
		polls    bool
		want     found
	}{
		"nothing happens": {[]reading{at(10 * second), at(20 * second)}, true, found{}},
		"sleep": {[]reading{at(10 * second), {boot: 3610 * second, mono: time.Hour + 11*second, wall: noon.Add(3610 * second)}}, true,
			found{slept: true, sleptAt: 10 * second}},
		"a gain of 2 s is none": {[]reading{at(10 * second), {boot: 20 * second, mono: time.Hour + 18*second, wall: noon.Add(20 * second)}}, true, found{}},
		"stopped for 31 s":      {[]reading{at(10 * second), at(41 * second)}, true, found{slept: true, sleptAt: 10 * second}},
		"stopped for 30 s":      {[]reading{at(10 * second), at(40 * second)}, true, found{}},
		"observations do not stand for polls": {[]reading{at(10 * second), at(20 * second), at(31 * second)}, false,
			found{slept: true, sleptAt: 20 * second}},
		"clock set back": {[]reading{at(10 * second), {boot: 20 * second, mono: time.Hour + 20*second, wall: noon.Add(-time.Hour)}}, true,
			found{clock: true}},
		"clock corrected by little": {[]reading{at(10 * second), {boot: 20 * second, mono: time.Hour + 20*second, wall: noon.Add(20*second + 50*time.Millisecond)}}, true, found{}},
		"another offset": {[]reading{at(10 * second), {boot: 20 * second, mono: time.Hour + 20*second, wall: noon.Add(20 * second).In(time.FixedZone("", 7200))}}, true,
			found{clock: true}},
	} {
		var line timeline
		line.begin(at(0))
		var got found
		for i, r := range test.readings {
			if got != (found{}) {
				t.Errorf("%s: reading %d already told %+v", name, i, got)
			}
			got = line.pass(r, test.polls)
		}
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
		last := test.readings[len(test.readings)-1]
		next := reading{boot: last.boot + second, mono: last.mono + second, wall: last.wall.Add(second)}
		if again := line.pass(next, true); again != (found{}) {
			t.Errorf("%s: told again: %+v", name, again)
		}
	}
}

func TestFront(t *testing.T) {
	a, b := Window{ID: 1, App: "a"}, Window{ID: 2, App: "b"}
	var f front
	if f.see(Window{}, 0); !f.leaving || f.leftAt != 0 || !f.expire() || f.window != (Window{}) {
		t.Fatalf("that no window is in front at first is news: %+v", f)
	}
	if f.see(Window{}, 1); f.leaving {
		t.Error("it is news once only")
	}
	if !f.see(a, 2) || f.see(a, 3) {
		t.Error("a window is news, the same is not")
	}
	f.see(Window{}, 4)
	if f.see(Window{}, 5); f.leftAt != 4 || !f.leaving {
		t.Errorf("no window since 4: %+v", f)
	}
	if f.see(a, 6) || f.leaving || f.expire() {
		t.Error("an instant without a window between the same window is nothing")
	}
	f.see(Window{}, 7)
	if !f.see(b, 8) || f.expire() {
		t.Error("an instant without a window between two windows is nothing but the second")
	}
	renamed := b
	renamed.Title = "another"
	if !f.see(renamed, 9) {
		t.Error("another title is news")
	}
}

func TestInputs(t *testing.T) {
	const ms = time.Millisecond
	var i inputs
	if _, known := i.idleAt(0); known || i.read(0, 0, -1) {
		t.Error("nothing is known of inputs")
	}
	if !i.read(1000*ms, 1300*ms, 400*ms) || i.at != 600*ms {
		t.Fatalf("first input: %+v", i)
	}
	// It was in truth at 880: the answer came late. Better readings of it are no other input.
	for _, asked := range []time.Duration{2000 * ms, 2001*ms + 500*time.Microsecond, 10000 * ms} {
		if i.read(asked, asked+ms, asked-880*ms) || i.at != 600*ms {
			t.Errorf("asked at %v: the same input is told as another: %+v", asked, i)
		}
	}
	if idle, known := i.idleAt(10000 * ms); !known || idle != 9400*ms {
		t.Errorf("idle %v, %v", idle, known)
	}
	if !i.read(10002*ms, 10003*ms, 5*ms) || i.at != 9997*ms {
		t.Errorf("another input: %+v", i)
	}
	i.came(20000*ms, 3*ms)
	if i.at != 19997*ms || i.read(20001*ms, 20002*ms, 4*ms) {
		t.Errorf("an input that was told: %+v", i)
	}
	if idle, _ := i.idleAt(19000 * ms); idle != 0 {
		t.Errorf("before the input: idle %v, want 0", idle)
	}
}

func TestLocks(t *testing.T) {
	type step struct {
		signal
		focusIdle time.Duration
		want      bool
	}
	on := func(kind signalKind, want bool) step { return step{signal: signal{kind: kind, on: true}, want: want} }
	off := func(kind signalKind, want bool) step { return step{signal: signal{kind: kind}, want: want} }
	focus := func(at, idle time.Duration, want bool) step {
		return step{signal: signal{at: at}, focusIdle: idle, want: want}
	}
	for name, steps := range map[string][]step{
		"hint":                        {on(signalHint, true), off(signalHint, false)},
		"asked, then unlocked":        {on(signalAsked, true), off(signalAsked, false)},
		"asked and done":              {on(signalAsked, true), on(signalHint, true), focus(time.Minute, 0, true), off(signalHint, false)},
		"saver":                       {on(signalSaver, true), on(signalHint, true), off(signalHint, true), off(signalSaver, false)},
		"console lost and back":       {off(signalConsole, true), on(signalConsole, false)},
		"asked for, nobody tells":     {on(signalAsked, true), focus(second, 0, true), focus(time.Minute, time.Minute, true), focus(time.Minute, second, false)},
		"unlock asked of a lock told": {on(signalHint, true), off(signalAsked, true), off(signalHint, false)},
	} {
		var l locks
		for i, s := range steps {
			if s.kind == 0 {
				l.touched(s.at, s.focusIdle)
			} else {
				l.see(s.signal)
			}
			if l.locked() != s.want {
				t.Errorf("%s: step %d: locked %v", name, i, l.locked())
			}
		}
	}
}

func TestLevels(t *testing.T) {
	level := func(c capture, subject string) Level {
		for _, l := range c.levels() {
			if len(l.Reason) > 200 || len(l.Subject) > 64 {
				t.Errorf("%+v is longer than the service takes", l)
			}
			if l.Subject == subject {
				return l
			}
		}
		return Level{}
	}
	long := strings.Repeat("ä", 100)
	c := capture{display: true, idle: true, login: true}
	for _, w := range []Window{{App: "xterm"}, {App: "chromium"}, {App: "chromium"}, {App: long, Class: "firefox"}, {}} {
		c.see(w)
	}
	if len(c.browsers) != 2 {
		t.Errorf("browsers %q", c.browsers)
	}
	for want, got := range map[Level]Level{
		{Subject: "desktop", Level: "full"}:              level(c, "desktop"),
		{Subject: "idle", Level: "full"}:                 level(c, "idle"),
		{Subject: "lock", Level: "full"}:                 level(c, "lock"),
		{Subject: "chromium", Level: "application_only"}: level(c, "chromium"),
		{Subject: long[:64], Level: "application_only"}:  level(c, long[:64]),
		{Subject: "desktop", Level: "none"}:              level(capture{}, "desktop"),
		{Subject: "lock", Level: "none"}:                 level(capture{}, "lock"),
		{Subject: "lock", Level: "application_only"}:     level(capture{savers: true}, "lock"),
		{Subject: "idle", Level: "none"}:                 level(capture{display: true}, "idle"),
		{Subject: "desktop", Level: "title_only"}:        level(capture{display: true, wayland: true}, "desktop"),
		{Subject: "desktop", Level: "application_only"}:  level(capture{display: true, rules: privacy.Rules{NamesOnly: true}}, "desktop"),
		{Subject: "firefox", Level: "title_only"}:        level(capture{browsers: []string{"firefox"}, rules: privacy.Rules{TitleOfUnknown: true}}, "firefox"),
	} {
		if got.Reason == "" != (got.Level == "full") {
			t.Errorf("%+v: a reason is told where something lacks, and only there", got)
		}
		if got.Reason = ""; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestProgram(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/lib/chromium/chromium":           "chromium",
		"/usr/lib/chromium/chromium (deleted)": "chromium",
		"/opt/My App/my app":                   "my app",
		"/tmp/\xff":                            "\uFFFD",
		"/":                                    "",
		"":                                     "",
		"/" + strings.Repeat("ü", 200):         strings.Repeat("ü", 127),
	} {
		if got := programOfPath(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestProgramOfImage(t *testing.T) {
	for path, want := range map[string]string{
		`C:\Program Files\Microsoft Office\EXCEL.EXE`: "excel.exe",
		`\\server\tools\Größe.exe`:                    "größe.exe",
		`\??\C:/mixed/Setup.EXE`:                      "setup.exe",
		"notepad.exe":                                 "notepad.exe",
		`C:\`:                                         "",
		"":                                            "",
	} {
		if got := programOfImage(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestBehindFrame(t *testing.T) {
	for name, test := range map[string]struct {
		inside []uint32
		want   uint32
	}{
		"an application":            {[]uint32{7, 42, 43}, 42},
		"only the frame's own":      {[]uint32{7, 7}, 0},
		"nothing yet":               {nil, 0},
		"a window that has gone":    {[]uint32{0, 42}, 42},
		"behind the frame's window": {[]uint32{42, 7}, 42},
	} {
		if got := behindFrame(7, test.inside); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestLooks(t *testing.T) {
	var l looks
	total := time.Duration(0)
	for {
		wait, again := l.next(false)
		if !again {
			break
		}
		total += wait
	}
	if total < settleDefault*3/4 || total > settleDefault {
		t.Errorf("looked for %v: an application counts after %v", total, settleDefault)
	}
	if _, again := l.next(false); again {
		t.Error("each safety poll without a window would wake us five times more")
	}
	if _, again := l.next(true); again {
		t.Error("a window that is whole is looked for again")
	}
	if wait, again := l.next(false); !again || wait != lookSoon {
		t.Errorf("after a window was seen: %v %v", wait, again)
	}
}

// settleDefault is how long a window has to stay in front (time.md).
const settleDefault = 2 * time.Second

func TestAheadOfUTC(t *testing.T) {
	for name, test := range map[string]struct {
		part                     uint32
		bias, standard, daylight int32
		want                     time.Duration
	}{
		"Berlin in winter":       {1, -60, 0, -60, time.Hour},
		"Berlin in summer":       {2, -60, 0, -60, 2 * time.Hour},
		"New York in summer":     {2, 300, 0, -60, -4 * time.Hour},
		"Kolkata":                {0, -330, 0, -60, 5*time.Hour + 30*time.Minute},
		"Dublin counts backward": {1, 0, -60, 0, time.Hour},
	} {
		if got := aheadOfUTC(test.part, test.bias, test.standard, test.daylight); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestProduct(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one.desktop", "# comment\n[Desktop Entry]\nType=Application\nName=Text Editor\nName[de]=Texteditor\nExec=env A=b /usr/bin/edit %U\n[Desktop Action new]\nName=New\nExec=other\n")
	write("two.desktop", "[Desktop Entry]\nType=Application\nName=Viewer\nExec=/opt/viewer/run\nStartupWMClass=ViewerClass\n")
	write("three.desktop", "[Desktop Entry]\nType=Application\nName=Script\nExec=python3 /usr/bin/script\nStartupWMClass=Script\n")
	write("four.desktop", "[Desktop Entry]\nType=Link\nName=No Program\nExec=link\n")
	write("five.desktop", "[Desktop Entry]\nType=Application\nHidden=true\nName=Hidden\nExec=hidden\n")
	write("readme.txt", "[Desktop Entry]\nType=Application\nName=No Entry\nExec=readme\n")
	s := shelf{folders: []string{filepath.Join(folder, "none"), folder}}
	for app, want := range map[string][2]string{
		"edit":       {"", "Text Editor"},
		"viewer-bin": {"viewerclass", "Viewer"},
		"python3.11": {"Script", ""},
		"link":       {"", ""},
		"hidden":     {"", ""},
		"readme":     {"", ""},
		"other":      {"", ""},
		"":           {"Script", ""},
	} {
		if got := s.product(app, want[0]); got != want[1] {
			t.Errorf("%q of class %q: %q, want %q", app, want[0], got, want[1])
		}
	}
	write("six.desktop", "[Desktop Entry]\nType=Application\nName=New One\nExec=newone\n")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(folder, later, later); err != nil {
		t.Fatal(err)
	}
	if got := s.product("newone", ""); got != "New One" {
		t.Errorf("a program installed since: %q", got)
	}
}

func TestTitles(t *testing.T) {
	var reads titles
	n, now := 0, time.Minute
	for ; now < 2*time.Minute; now += 40 * time.Millisecond {
		if reads.read(now) == 0 {
			n++
		}
	}
	if n < 300 || n > 310 {
		t.Errorf("a title that changed 25 times a second was read %d times in a minute, want 5 a second", n)
	}
	n = 0
	for now += time.Minute; reads.read(now) == 0; n++ {
	}
	if wait := reads.read(now); n != titlesAtOnce || wait <= 0 || wait > titleEvery {
		t.Errorf("after a calm minute %d were read at once, the next after %v", n, wait)
	}
}

// letGo is a bus that counts how often the computer was let go on.
type letGo int

func (*letGo) run(context.Context) {}
func (*letGo) refresh()            {}
func (l *letGo) release()          { *l++ }

// What is taken to have a sleep wait is given back when one is told twice, and not by the word that the computer is awake, which
// comes with it.
func TestAComputerThatIsAwakeIsNotLetGo(t *testing.T) {
	var released letGo
	o, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{o: o, bus: &released, zone: &zone{location: time.UTC}, settle: stopped()}
	w.timeline.begin(w.read())
	if w.sleep(false); released != 0 {
		t.Error("awake as before, it was let go")
	}
	w.asleep = true
	if w.sleep(true); released != 1 {
		t.Errorf("told twice that it is to sleep, it was let go %d times", released)
	}
}
