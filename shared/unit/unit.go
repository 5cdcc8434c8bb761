// Package unit is what systemd and desktops start the agent by on Linux, and where it lies: the agent's own installation and
// the packages say the same.
package unit

import (
	"path"
	"strings"
)

// Service, Session and Watcher are the units' names.
const (
	Service = "dayline-agent.service"
	Session = "dayline-session.service"
	Watcher = "dayline-agent-update.service"
)

// Where units lie: those of packages, and those that an administrator or the agent itself wrote, which go first
// (systemd.unit(5)).
const (
	Vendor = "/usr/lib/systemd"
	Local  = "/etc/systemd"
)

// Where the program lies: as packages put it, and as the archive's install.sh does.
const (
	PackagedProgram = "/usr/bin/dayline-agent"
	UnpackedProgram = "/usr/local/bin/dayline-agent"
)

// PackageFile names the kind of package (release.Deb or release.RPM) that PackagedProgram is of.
const PackageFile = "/usr/lib/dayline/package"

// EnrollFile is where an installer or an administrator leaves the enrolment string.
const EnrollFile = "/etc/dayline/enroll"

// Autostart is the entry for desktops that systemd does not manage.
const Autostart = "/etc/xdg/autostart/dayline-session.desktop"

// File is one of those, or a link.
type File struct {
	Path, Content string
	// Target is where a link leads; empty for a file.
	Target string
}

// preset keeps the service enabled where systemd presets all units, as it does in a copy of a disk that has no machine's ID yet: Fedora
// and its kin disable there what nothing names (systemd.preset(5)).
const preset = "system-preset/90-dayline-agent.preset"

// Files start a program at a path that needs no quoting: the service's unit, which systemd.unit(5) calls enabled by its link,
// and what keeps it so; the helper's in every graphical session that systemd manages, and its link; the entry for the others. Units go below a
// folder, Vendor or Local.
func Files(program, below string) []File {
	service, session := path.Join(below, "system", Service), path.Join(below, "user", Session)
	return []File{
		{Path: service, Content: rendered(serviceUnit, program)},
		{Path: path.Join(below, preset), Content: "enable " + Service + "\n"},
		{Path: session, Content: rendered(sessionUnit, program)},
		{Path: path.Join(below, "user/graphical-session.target.wants", Session), Target: session},
		{Path: Autostart, Content: rendered(autostart, program)},
	}
}

// Enabled is the link that has systemd start the service with the system, as `systemctl enable` makes it.
func Enabled(below string) File {
	return File{Path: path.Join(Local, "system/multi-user.target.wants", Service), Target: path.Join(below, "system", Service)}
}

// Watching are the files that have systemd run the watcher of an update, now and with the system: a program beside the one that is
// exchanged, for the service that keeps its state in a folder.
func Watching(program, state string) []File {
	const link = "system/multi-user.target.wants"
	unit := path.Join(Local, "system", Watcher)
	text := strings.NewReplacer("@PROGRAM@", program, "@FOLDER@", path.Dir(program), "@STATE@", state).Replace(watcherUnit)
	return []File{{Path: unit, Content: text}, {Path: path.Join(Local, link, Watcher), Target: unit}}
}

func rendered(text, program string) string { return strings.ReplaceAll(text, "@PROGRAM@", program) }

// serviceUnit: root, that may change only its own folders and /etc/dayline, where an installer leaves the enrolment string (it
// is removed once used); the folder is made before the rest of the disk is closed to it. CAP_CHOWN, CAP_DAC_OVERRIDE and
// CAP_FOWNER are for folders that an administrator made otherwise; nothing else of what root may do is needed. ProtectHostname
// would hide that the computer was renamed, and ProtectProc who the helpers are.
const serviceUnit = `[Unit]
Description=Dayline agent: measures the working day on this computer, visibly
Documentation=https://github.com/dayline-project/dayline
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
ExecStart=@PROGRAM@ service
Restart=always
RestartSec=5
TimeoutStopSec=20
KillMode=mixed
StateDirectory=dayline-agent
StateDirectoryMode=0700
ConfigurationDirectory=dayline
RuntimeDirectory=dayline
RuntimeDirectoryMode=0755
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER
ProtectSystem=strict
ReadWritePaths=-/etc/dayline
` + confinement

// watcherUnit: root, that may change the program's folder, its own unit, and what is the service's. CAP_SETFCAP is for a program that
// has capabilities. It comes back until it takes itself away: only it knows which program is to run.
const watcherUnit = `[Unit]
Description=Dayline agent: exchanges the agent for another release, and watches that
Documentation=https://github.com/dayline-project/dayline
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=@PROGRAM@ update --watch --state @STATE@
Restart=on-failure
RestartSec=5
TimeoutStopSec=20
KillMode=mixed
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_SETFCAP
ProtectSystem=strict
ReadWritePaths=@FOLDER@ @STATE@ /etc/systemd/system
ProtectHostname=yes
` + confinement

// confinement is what holds for both of root's units, which end in it.
const confinement = `ProtectHome=yes
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
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`

// sessionUnit is the helper's. Status 3 is a refusal: to come back at once would be refused again.
const sessionUnit = `[Unit]
Description=Dayline agent: what is in front in this session
PartOf=graphical-session.target
After=graphical-session.target

[Service]
Type=exec
ExecStart=@PROGRAM@ session
Restart=always
RestartSec=5
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX
LockPersonality=yes
MemoryDenyWriteExecute=yes

[Install]
WantedBy=graphical-session.target
`

// autostart: X-systemd-skip leaves desktops that know graphical-session.target to the unit
// (systemd-xdg-autostart-generator(8)). Nothing else starts a helper again that ended with the service, as with an upgrade; one
// that fails, as without a desktop, is over.
const autostart = `[Desktop Entry]
Type=Application
Name=Dayline
Comment=Measures the working day on this computer, visibly
Exec=sh -c "while @PROGRAM@ session; do sleep 5; done"
NoDisplay=true
X-systemd-skip=true
`
