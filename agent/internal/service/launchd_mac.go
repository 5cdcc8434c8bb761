//go:build unix

package service

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Names on a Mac. An installer's bundle and an administrator's profiles have the same.
const (
	// MacBundle identifies the program's bundle, its signature, and the managed preferences that are for it.
	MacBundle = "org.dayline.agent"
	// macDaemon and macAgent are launchd's names of the service and of the helper in each graphical login.
	macDaemon = "org.dayline.service"
	macAgent  = "org.dayline.session"
)

// Places on a Mac.
const (
	// MacApp is where the bundle belongs, and macProgram what it holds: nobody but administrators may change either, which
	// is not so in /Applications.
	MacApp     = "/Library/Dayline/Dayline.app"
	macProgram = MacApp + "/Contents/MacOS/dayline-agent"

	MacDaemonPlist = "/Library/LaunchDaemons/" + macDaemon + ".plist"
	MacAgentPlist  = "/Library/LaunchAgents/" + macAgent + ".plist"
	// MacPathFile has path_helper(8) add the program's folder to everybody's path.
	MacPathFile = "/etc/paths.d/dayline"

	MacState  = "/Library/Application Support/Dayline/agent"
	MacSocket = "/var/run/dayline/agent.sock"
)

// daemonPlist is the service's job. So that it can remove itself when it is told to, launchd leaves alone what it started.
// launchd.plist(5)
const daemonPlist = plistHead + `	<key>Label</key>
	<string>` + macDaemon + `</string>
	<key>ProgramArguments</key>
	<array>
		<string>@EXECUTABLE@</string>
		<string>service</string>
		<string>--managed</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<true/>
	<key>ProcessType</key>
	<string>Standard</string>
	<key>ExitTimeOut</key>
	<integer>20</integer>
	<key>AbandonProcessGroup</key>
	<true/>
` + plistFoot

// agentPlist is the helper's, in every graphical login and not at the login window. Interactive: it is not throttled as
// work in the background is, since it tells what is in front as it comes.
const agentPlist = plistHead + `	<key>Label</key>
	<string>` + macAgent + `</string>
	<key>ProgramArguments</key>
	<array>
		<string>@EXECUTABLE@</string>
		<string>session</string>
	</array>
	<key>LimitLoadToSessionType</key>
	<string>Aqua</string>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<true/>
	<key>ThrottleInterval</key>
	<integer>30</integer>
	<key>ProcessType</key>
	<string>Interactive</string>
` + plistFoot

const plistHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
`

// plistFoot names the bundle, whose name System Settings shows for both jobs.
const plistFoot = `	<key>AssociatedBundleIdentifiers</key>
	<array>
		<string>` + MacBundle + `</string>
	</array>
</dict>
</plist>
`

// macPlist is one of them for a program at this path; a path that XML cannot carry is refused.
func macPlist(text, executable string) ([]byte, error) {
	if !utf8.ValidString(executable) || strings.ContainsFunc(executable, unicode.IsControl) {
		return nil, fmt.Errorf("the path %q holds characters that property lists cannot carry", executable)
	}
	escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(executable)
	return []byte(strings.ReplaceAll(text, "@EXECUTABLE@", escaped)), nil
}

// launchd is asked by launchctl(1). Domains are "system" and "gui/501", targets such a domain, a slash and a label.
type launchd struct {
	// launchctl is the path of the program.
	launchctl string
	// again is how long after a try the next comes.
	again time.Duration
}

const (
	systemDomain = "system"
	// askWithin bounds one call of a program of the system's.
	askWithin = 30 * time.Second
	// bootstrapTries: launchd refuses a job while it still lets go of one of that name.
	bootstrapTries = 20
)

// daemonTarget is the service's.
const daemonTarget = systemDomain + "/" + macDaemon

func guiDomain(uid uint32) string { return "gui/" + strconv.FormatUint(uint64(uid), 10) }

func agentTarget(uid uint32) string { return guiDomain(uid) + "/" + macAgent }

func (l launchd) ask(arguments ...string) error {
	_, err := output(l.launchctl, arguments...)
	return err
}

// loaded tells whether launchd has a job.
func (l launchd) loaded(target string) bool { return l.ask("print", target) == nil }

// bootout ends a job and waits until launchd has let go of it: bootout itself does not. One that is not there is left so.
func (l launchd) bootout(target string) error {
	if !l.loaded(target) {
		return nil
	}
	// Status 36 says that it goes on; what counts is whether it has gone.
	err := l.ask("bootout", target)
	for deadline := time.Now().Add(endWithin); l.loaded(target); time.Sleep(l.again) {
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("%s has not ended within %s", target, endWithin), err)
		}
	}
	return nil
}

// bootstrap gives launchd a job, and tries again while it refuses; one that was disabled it refuses until it is enabled.
func (l launchd) bootstrap(domain, label, plist string) error {
	for tries := 1; ; tries++ {
		err := l.ask("bootstrap", domain, plist)
		if err == nil || l.loaded(domain+"/"+label) {
			return nil
		}
		if tries == bootstrapTries {
			return err
		}
		_ = l.ask("enable", domain+"/"+label)
		time.Sleep(l.again)
	}
}

// disabled tells whether somebody disabled a job, by launchctl or otherwise. Newer systems write the word, older ones
// whether it is true.
func (l launchd) disabled(domain, label string) bool {
	told, err := output(l.launchctl, "print-disabled", domain)
	if err != nil {
		return false
	}
	for line := range strings.Lines(told) {
		name, state, found := strings.Cut(strings.TrimSpace(line), " => ")
		if found && strings.Trim(name, `"`) == label {
			return state == "disabled" || state == "true"
		}
	}
	return false
}

// output runs a program of the system's and gives what it said; an error has what it complained of.
func output(program string, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	command := exec.CommandContext(ctx, program, arguments...)
	command.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin"}
	told, err := command.Output()
	if err == nil {
		return string(told), nil
	}
	complaint := ""
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		complaint = ": " + strings.TrimSpace(string(exit.Stderr))
	}
	return "", fmt.Errorf("%s: %w%s", strings.Join(append([]string{program}, arguments...), " "), err, complaint)
}
