//go:build linux

package service

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"howett.net/plist"

	"github.com/dayline-project/dayline/installer/app"
	"github.com/dayline-project/dayline/installer/pkg"
	"github.com/dayline-project/dayline/shared/extension"
)

// fakeMac is a Mac whose programs testdata/mac plays, with an installed bundle, in a folder.
type fakeMac struct {
	macInstall
	t *testing.T
	// programs is the folder that the programs are in, and what they note.
	programs string
	said     []string
}

const processes = `    0 /sbin/launchd
    0 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
  501 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
  501 /System/Library/CoreServices/Dock.app/Contents/MacOS/Dock
  501 /System/Library/CoreServices/Finder.app/Contents/MacOS/Finder
  502 /Users/eve/Dock.app/Contents/MacOS/Dock
  248 /System/Library/CoreServices/Dock.app/Contents/MacOS/Dock
1000503 /System/Library/CoreServices/Dock.app/Contents/MacOS/Dock
`

func newFakeMac(t *testing.T) *fakeMac {
	m := &fakeMac{t: t, programs: t.TempDir()}
	player, err := filepath.Abs("testdata/mac")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"loaded", "ending", "disabled", "domains"} {
		m.must(os.Mkdir(filepath.Join(m.programs, folder), 0o755))
	}
	for _, program := range []string{"launchctl", "ps", "tccutil", "pkgutil"} {
		m.must(os.Symlink(player, filepath.Join(m.programs, program)))
	}
	for _, domain := range []string{"system", "gui.501", "gui.1000503"} {
		m.note("domains", domain)
	}
	m.must(os.WriteFile(filepath.Join(m.programs, "processes"), []byte(processes), 0o644))
	m.macInstall = macInstall{
		launchd: launchd{launchctl: filepath.Join(m.programs, "launchctl"), again: time.Millisecond},
		ps:      filepath.Join(m.programs, "ps"), tccutil: filepath.Join(m.programs, "tccutil"), pkgutil: filepath.Join(m.programs, "pkgutil"),
		root: t.TempDir(),
	}
	m.must(os.MkdirAll(filepath.Dir(m.program()), 0o755))
	m.must(os.WriteFile(m.program(), nil, 0o755))
	return m
}

func (m *fakeMac) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *fakeMac) program() string { return m.at(macProgram) }

func (m *fakeMac) note(state, job string) {
	m.must(os.WriteFile(filepath.Join(m.programs, state, job), nil, 0o644))
}

// say notes what is said, save that tests are linked without the extension's key.
func (m *fakeMac) say(what string) {
	if what != extension.ErrNoKey.Error() {
		m.said = append(m.said, what)
	}
}

// asked is what the programs were asked, but for whether a job is there, since the last time.
func (m *fakeMac) asked() []string {
	path := filepath.Join(m.programs, "asked")
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.t.Fatal(err)
	}
	_ = os.Remove(path)
	var asked []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(strings.ReplaceAll(line, m.root, "")); !strings.HasPrefix(line, "launchctl print ") {
			asked = append(asked, line)
		}
	}
	return asked
}

func (m *fakeMac) wasAsked(want ...string) {
	m.t.Helper()
	if got := m.asked(); !slices.Equal(got, want) {
		m.t.Errorf("asked\n\t%s\nand not\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// job reads a plist as launchd would.
func (m *fakeMac) job(path string) map[string]any {
	m.t.Helper()
	raw, err := os.ReadFile(m.at(path))
	m.must(err)
	var job map[string]any
	_, err = plist.Unmarshal(raw, &job)
	m.must(err)
	info, err := os.Stat(m.at(path))
	m.must(err)
	if info.Mode().Perm() != 0o644 {
		m.t.Errorf("%s has mode %v; launchd reads it for each login", path, info.Mode())
	}
	return job
}

const (
	startDaemon = "launchctl bootstrap system " + MacDaemonPlist
	endDaemon   = "launchctl bootout system/org.dayline.service"
)

func TestInstallingOnAMac(t *testing.T) {
	m := newFakeMac(t)
	m.must(m.install(m.program(), m.say))
	m.wasAsked("ps -axwwo uid=,comm=", startDaemon,
		"launchctl bootstrap gui/501 "+MacAgentPlist, "launchctl bootstrap gui/1000503 "+MacAgentPlist)
	if len(m.said) != 0 {
		t.Errorf("said %q", m.said)
	}
	daemon, agent := m.job(MacDaemonPlist), m.job(MacAgentPlist)
	for name, test := range map[string]struct {
		job  map[string]any
		want map[string]any
	}{
		"daemon": {daemon, map[string]any{
			"Label": "org.dayline.service", "RunAtLoad": true, "KeepAlive": true, "ProcessType": "Standard", "AbandonProcessGroup": true,
			"ExitTimeOut": uint64(20),
		}},
		"agent": {agent, map[string]any{
			"Label": "org.dayline.session", "RunAtLoad": true, "KeepAlive": true, "ProcessType": "Interactive",
			"LimitLoadToSessionType": "Aqua", "ThrottleInterval": uint64(30),
		}},
	} {
		for key, want := range test.want {
			if test.job[key] != want {
				t.Errorf("%s: %s is %v, want %v", name, key, test.job[key], want)
			}
		}
		if bundles, ok := test.job["AssociatedBundleIdentifiers"].([]any); !ok || !slices.Equal(bundles, []any{MacBundle}) {
			t.Errorf("%s: belongs to %v", name, test.job["AssociatedBundleIdentifiers"])
		}
		if len(test.job) != len(test.want)+2 {
			t.Errorf("%s: says more: %v", name, test.job)
		}
	}
	if got, want := daemon["ProgramArguments"], []any{m.program(), "service", "--managed"}; !slices.Equal(got.([]any), want) {
		t.Errorf("the daemon runs %v", got)
	}
	if got, want := agent["ProgramArguments"], []any{m.program(), "session"}; !slices.Equal(got.([]any), want) {
		t.Errorf("the agent runs %v", got)
	}
	if raw, err := os.ReadFile(m.at(MacPathFile)); err != nil || string(raw) != filepath.Dir(m.program())+"\n" {
		t.Errorf("on the path: %q, %v", raw, err)
	}
	if raw, err := os.ReadFile(m.at(macHost)); err != nil || !strings.Contains(string(raw), `"path": "`+m.program()+`"`) {
		t.Errorf("Firefox knows %q, %v", raw, err)
	}
	if path := strings.TrimSuffix(filepath.Base(MacDaemonPlist), ".plist"); path != daemon["Label"] {
		t.Errorf("launchctl knows the daemon by %s", path)
	}
}

// What is to be copied starts on no disk but the copies.
func TestInstallingAnImage(t *testing.T) {
	m := newFakeMac(t)
	m.must(m.install(m.program(), m.say))
	m.asked()
	m.image = true
	m.must(m.install(m.program(), m.say))
	m.wasAsked("ps -axwwo uid=,comm=", endDaemon, "launchctl bootout gui/501/org.dayline.session", "launchctl bootout gui/1000503/org.dayline.session")
	if m.job(MacDaemonPlist)["RunAtLoad"] != true || m.job(MacAgentPlist)["RunAtLoad"] != true || m.loaded(daemonTarget) {
		t.Error("it starts otherwise than with the system")
	}
}

// An upgrade waits until launchd has let go of the old jobs, which bootout does not.
func TestInstallingOverARunningOne(t *testing.T) {
	m := newFakeMac(t)
	m.must(m.install(m.program(), m.say))
	m.asked()
	m.must(m.install(m.program(), m.say))
	m.wasAsked("ps -axwwo uid=,comm=", endDaemon, "launchctl bootout gui/501/org.dayline.session", "launchctl bootout gui/1000503/org.dayline.session",
		startDaemon, "launchctl bootstrap gui/501 "+MacAgentPlist, "launchctl bootstrap gui/1000503 "+MacAgentPlist)
	if !m.loaded(daemonTarget) || !m.loaded(agentTarget(501)) || len(m.said) != 0 {
		t.Errorf("not all is there; said %q", m.said)
	}
}

func TestLaunchdRefusesForAWhile(t *testing.T) {
	m := newFakeMac(t)
	m.note("disabled", "system.org.dayline.service")
	m.note("disabled", "gui.501.org.dayline.session")
	// A login that ends meanwhile is no reason not to be installed.
	m.must(os.Remove(filepath.Join(m.programs, "domains", "gui.1000503")))
	m.must(m.install(m.program(), m.say))
	if !m.loaded(daemonTarget) || !m.loaded(agentTarget(501)) {
		t.Error("what was disabled is not there")
	}
	if len(m.said) != 1 || !strings.Contains(m.said[0], "user 1000503 is observed from the next login on") || !strings.Contains(m.said[0], "Domain does not support") {
		t.Errorf("said %q", m.said)
	}
	m.must(os.Remove(filepath.Join(m.programs, "domains", "system")))
	if err := m.install(m.program(), m.say); err == nil || !strings.Contains(err.Error(), "exit status 125: Domain does not support") {
		t.Errorf("a daemon that launchd refuses: %v", err)
	}
}

func TestAMacIsNotToRunWhatOthersMayExchange(t *testing.T) {
	m := newFakeMac(t)
	for _, path := range []string{"/Library", MacApp, MacApp + "/Contents/MacOS", macProgram} {
		again := openToOthers(t, m.at(path))
		if err := m.install(m.program(), m.say); err == nil || !strings.Contains(err.Error(), m.at(path)+",") {
			t.Errorf("with %s open to others: %v", path, err)
		}
		again()
	}
	if err := m.install("/Library/a\nb", m.say); err == nil {
		t.Error("installed nothing")
	}
	m.wasAsked()
	if _, err := plist.Unmarshal(mustPlist(t, "/Library/A & <B>/dayline-agent"), new(any)); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"/a\nb", "/a\x00b", "/a\xffb"} {
		if _, err := macPlist(agentPlist, path); err == nil {
			t.Errorf("%q in a property list", path)
		}
	}
}

func mustPlist(t *testing.T, executable string) []byte {
	raw, err := macPlist(daemonPlist, executable)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestStartingAndStoppingOnAMac(t *testing.T) {
	m := newFakeMac(t)
	for _, act := range []func() error{m.start, m.stop} {
		if err := act(); err != ErrNotInstalled {
			t.Errorf("not installed: %v", err)
		}
	}
	m.must(m.install(m.program(), m.say))
	m.asked()
	m.must(m.start())
	m.wasAsked("launchctl kickstart system/org.dayline.service", "ps -axwwo uid=,comm=")
	m.must(m.stop())
	m.wasAsked(endDaemon)
	m.must(m.stop())
	m.wasAsked()
	// A helper that somebody ended comes back too.
	m.must(m.bootout(agentTarget(501)))
	m.asked()
	m.must(m.start())
	m.wasAsked(startDaemon, "ps -axwwo uid=,comm=", "launchctl bootstrap gui/501 "+MacAgentPlist)
}

func TestUninstallingOnAMacLeavesNothing(t *testing.T) {
	for _, keep := range []Keep{KeepNothing, KeepData} {
		m := newFakeMac(t)
		m.must(m.install(m.program(), m.say))
		m.asked()
		state := m.at(MacState)
		for _, path := range []string{filepath.Join(state, "buffer.db"), m.at(MacSocket)} {
			m.must(os.MkdirAll(filepath.Dir(path), 0o755))
			m.must(os.WriteFile(path, nil, 0o600))
		}
		m.must(m.uninstall(state, keep))
		want := []string{"ps -axwwo uid=,comm=", endDaemon, "launchctl bootout gui/501/org.dayline.session", "launchctl bootout gui/1000503/org.dayline.session"}
		var kept []string
		if keep == KeepData {
			kept = []string{filepath.Join(MacState, "buffer.db")}
		} else {
			want = append(want, "tccutil reset All org.dayline.agent")
		}
		m.wasAsked(append(want, "pkgutil --forget org.dayline.agent")...)
		if left := m.files(); !slices.Equal(left, kept) {
			t.Errorf("left %v", left)
		}
		if _, err := os.Stat(m.at("/Library/Dayline")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the bundle's folder: %v", err)
		}
		m.must(m.uninstall(state, KeepNothing))
		if left := m.files(); len(left) != 0 {
			t.Errorf("left %v", left)
		}
	}
}

// files are all that is left.
func (m *fakeMac) files() []string {
	var files []string
	m.must(filepath.WalkDir(m.root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, m.root))
		}
		return err
	}))
	return files
}

// What an administrator put beside the state stays.
func TestUninstallingLeavesTheCeiling(t *testing.T) {
	m := newFakeMac(t)
	ceiling := filepath.Join(filepath.Dir(MacState), "ceiling.json")
	m.must(os.MkdirAll(m.at(MacState), 0o700))
	m.must(os.WriteFile(m.at(ceiling), []byte("{}"), 0o600))
	m.must(m.uninstall(m.at(MacState), KeepNothing))
	if left := m.files(); !slices.Equal(left, []string{ceiling}) {
		t.Errorf("left %v", left)
	}
}

// What builds the bundle and its package may not ask us what we call it.
func TestTheBundleIsCalledAsItIsBuilt(t *testing.T) {
	if app.Identifier != MacBundle || filepath.Join(pkg.Location, app.Name) != MacApp || app.Executable != filepath.Base(macProgram) {
		t.Errorf("built as %s, %s with %s, in %s", app.Identifier, app.Name, app.Executable, pkg.Location)
	}
}

func TestWhoHasAGraphicalLogin(t *testing.T) {
	if got := graphicalLogins(processes); !slices.Equal(got, []uint32{501, 1000503}) {
		t.Errorf("logins of %v", got)
	}
	if got := graphicalLogins("\n x\n -1 /System/Library/CoreServices/Dock.app/Contents/MacOS/Dock\n99999999999 /System/Library/CoreServices/Dock.app/Contents/MacOS/Dock"); len(got) != 0 {
		t.Errorf("logins of %v", got)
	}
}

func TestDoctorOnAMac(t *testing.T) {
	m := newFakeMac(t)
	look := func(ok bool, found, fix string) {
		t.Helper()
		if c := agentCheck(m.launchd, 501); c.OK != ok || !strings.Contains(c.Found, found) || !strings.Contains(c.Fix, fix) {
			t.Errorf("%+v", c)
		}
	}
	look(false, "not there for user 501", toBeObserved)
	m.must(m.install(m.program(), m.say))
	look(true, "there for user 501", "")
	m.note("disabled", "gui.501.org.dayline.session")
	look(false, "disabled for user 501", "launchctl enable gui/501/org.dayline.session")

	if c := identityCheck("", false, errors.New("codesign: not signed")); c.OK || c.Found != "codesign: not signed" || c.Fix == "" {
		t.Errorf("unsigned: %+v", c)
	}
	if c := identityCheck(`cdhash H"00"`, true, nil); c.OK || !strings.Contains(c.Found, "each update loses the permissions") {
		t.Errorf("ad hoc: %+v", c)
	}
	if c := identityCheck(`identifier "org.dayline.agent"`, false, nil); !c.OK || c.Found != `identifier "org.dayline.agent"` {
		t.Errorf("signed: %+v", c)
	}
	if bundle, err := bundleOf(macProgram); err != nil || bundle != MacApp {
		t.Errorf("%s is in %s, %v", macProgram, bundle, err)
	}
	if _, err := bundleOf("/usr/local/bin/dayline-agent"); err == nil {
		t.Error("a bundle everywhere")
	}
}

// The program that the uninstaller is goes on when the service's session and process group do not.
func TestTheUninstallerOutlivesTheService(t *testing.T) {
	command := uninstaller(macProgram)
	if !slices.Equal(command.Args, []string{macProgram, "uninstall"}) || command.SysProcAttr == nil || !command.SysProcAttr.Setsid {
		t.Errorf("%v, %+v", command.Args, command.SysProcAttr)
	}
}

func TestWhoLooksAtTheScreen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "console")
	if _, _, err := atConsole(path); err == nil {
		t.Error("a console that is not there")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	uid, somebody, err := atConsole(path)
	if err != nil || int(uid) != os.Getuid() || somebody != (uid >= firstPerson) {
		t.Errorf("%d, %v, %v", uid, somebody, err)
	}
	if sessions := consoleSession(501, true); len(sessions) != 1 || sessions[0].User != "501" || sessions[0].ID != "" {
		t.Errorf("sessions %+v", sessions)
	}
	if sessions := consoleSession(0, false); len(sessions) != 0 {
		t.Errorf("sessions at the login window: %+v", sessions)
	}
}
