package linux

import "github.com/dayline-project/dayline/shared/unit"

// What packages do besides their files, the agent does itself. Where systemd does not run, as where an image is made, the
// service is only enabled. What an administrator switched off, or masked before it came, stays so.
const (
	enable = "  if command -v systemctl >/dev/null; then systemctl --quiet enable " + unit.Service + " || :; fi\n"
	// A string that came with the package is the package's file: the next version, without one, would take it away.
	keep     = "carrier=" + unit.EnrollFile + "\nif [ -f $carrier ] && " + unit.PackagedProgram + " enroll --at-start --file $carrier; then rm -f $carrier; fi\n"
	wanted   = "systemctl --quiet is-enabled " + unit.Service + " >/dev/null || systemctl --quiet is-active " + unit.Service + " >/dev/null"
	start    = "if [ \"${DAYLINE_IMAGE-}\" = 1 ] || { [ -d /run/systemd/system ] && { " + wanted + "; }; }; then " + unit.PackagedProgram + " install; fi\n"
	dissolve = "if [ -x " + unit.PackagedProgram + " ]; then DAYLINE_PACKAGE_REMOVES=1 " + unit.PackagedProgram + " uninstall >/dev/null; fi\n"
)

// Those of dpkg (https://www.debian.org/doc/debian-policy/ch-maintainerscripts.html): the second argument is the version that
// was there before.
const (
	debPostinst = "#!/bin/sh\nset -e\n[ \"$1\" = configure ] || exit 0\nif [ -z \"${2-}\" ]; then\n" + enable + "fi\n" + keep + start
	debPrerm    = "#!/bin/sh\nset -e\n[ \"$1\" = remove ] || exit 0\n" + dissolve
)

// Those of rpm: the argument is how many versions there will be.
const (
	rpmPost  = "set -e\nif [ \"$1\" = 1 ]; then\n" + enable + "fi\n" + keep + start
	rpmPreun = "set -e\n[ \"$1\" = 0 ] || exit 0\n" + dissolve
)
