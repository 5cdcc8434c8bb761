package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	kservice "github.com/kardianos/service"

	"github.com/dayline-project/dayline/shared/extension"
)

// Where the helper is started from: a user unit for desktops that systemd manages, an autostart entry for the others.
const (
	userUnitPath  = "/etc/systemd/user/dayline-session.service"
	userUnitLink  = "/etc/systemd/user/graphical-session.target.wants/dayline-session.service"
	autostartPath = "/etc/xdg/autostart/dayline-session.desktop"
)

// managed: systemd is the init system here (sd_booted(3)).
func managed() bool {
	info, err := os.Stat("/run/systemd/system")
	return err == nil && info.IsDir()
}

// arguments are what the service manager starts the service with.
var arguments = []string{"service"}

// explained: its own errors say what to do.
func explained(err error) error { return err }

// Complete: the unit says it all, and the confined service may not write where browsers look.
func Complete() error { return nil }

func ownBrowsers() browsers { return browsers{system: extension.Linux} }

// systemUnit is the service's unit: root, that may change only its own folders and /etc/dayline, where an installer
// leaves the enrolment string (it is removed once used). CAP_CHOWN, CAP_DAC_OVERRIDE and CAP_FOWNER are for folders
// that an administrator made otherwise; nothing else of what root may do is needed.
const systemUnit = `[Unit]
Description=Dayline agent: measures the working day on this computer, visibly
Documentation=https://github.com/dayline-project/dayline
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=@EXECUTABLE@ service
Restart=always
RestartSec=5
TimeoutStopSec=20
KillMode=mixed
StateDirectory=dayline-agent
StateDirectoryMode=0700
RuntimeDirectory=dayline
RuntimeDirectoryMode=0755
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER
ProtectSystem=strict
ReadWritePaths=-/etc/dayline
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`

// userUnit is the helper's, in every graphical session that systemd manages. Status 3 is a refusal: to come back at
// once would be refused again.
const userUnit = `[Unit]
Description=Dayline agent: what is in front in this session
PartOf=graphical-session.target
After=graphical-session.target

[Service]
Type=exec
ExecStart=@EXECUTABLE@ session
Restart=always
RestartSec=5
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX
LockPersonality=yes
MemoryDenyWriteExecute=yes

[Install]
WantedBy=graphical-session.target
`

// autostart is for desktops that know no graphical-session.target; X-systemd-skip leaves the others to the user unit
// (systemd-xdg-autostart-generator(8)).
const autostart = `[Desktop Entry]
Type=Application
Name=Dayline
Comment=Measures the working day on this computer, visibly
Exec=@EXECUTABLE@ session
NoDisplay=true
X-systemd-skip=true
`

// unitOptions give kardianos our own unit.
func unitOptions(executable string) kservice.KeyValue {
	return kservice.KeyValue{"SystemdScript": rendered(systemUnit, executable)}
}

func rendered(text, executable string) string {
	return strings.ReplaceAll(text, "@EXECUTABLE@", executable)
}

// plainPath refuses a path that units and entries would read otherwise than it is.
func plainPath(path string) error {
	if strings.ContainsAny(path, " \t\n\"'\\%$;{}") {
		return fmt.Errorf("service: install: the path %q holds characters that units cannot carry", path)
	}
	return nil
}

func installHelper(executable string, say func(string)) error {
	if err := plainPath(executable); err != nil {
		return err
	}
	for path, text := range map[string]string{userUnitPath: userUnit, autostartPath: autostart} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("service: install: %w", err)
		}
		if err := os.WriteFile(path, []byte(rendered(text, executable)), 0o644); err != nil {
			return fmt.Errorf("service: install: %w", err)
		}
	}
	// What `systemctl --global enable` does, without asking every user's manager.
	if err := os.MkdirAll(filepath.Dir(userUnitLink), 0o755); err != nil {
		return fmt.Errorf("service: install: %w", err)
	}
	if err := os.Symlink(userUnitPath, userUnitLink); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("service: install: %w", err)
	}
	if err := ownBrowsers().introduce(executable); err != nil {
		say(err.Error())
	}
	return nil
}

func uninstallHelper() error {
	var problems []error
	for _, path := range []string{userUnitLink, userUnitPath, autostartPath} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	// Only if nothing else of anybody's is in it.
	_ = os.Remove(filepath.Dir(userUnitLink))
	return errors.Join(problems...)
}

// UninstallLater has systemd uninstall us from outside: the service may neither change those files nor outlive its own
// stop. No argument is anybody's but ours.
func UninstallLater(executable string) error {
	if !managed() {
		return ErrNoServiceManager
	}
	command := exec.Command("systemd-run", "--no-block", "--collect", "--unit=dayline-agent-uninstall", executable, "uninstall")
	if err := command.Run(); err != nil {
		return fmt.Errorf("service: uninstall: %w", err)
	}
	return nil
}
