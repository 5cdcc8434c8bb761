#!/bin/sh
# Installs the Dayline agent beside it as the system's service, or renews it:
#   sudo ./install.sh [--downgrade]
# DAYLINE_IMAGE=1 in the environment has it start with the system and not now, for a disk that is cloned.
# `sudo dayline-agent uninstall` removes it.
set -eu
program=@PROGRAM@

refuse() {
  echo "install.sh: $*" >&2
  exit 1
}

downgrade=
case "$*" in
'') ;;
--downgrade) downgrade=yes ;;
*)
  echo "Usage: sudo ./install.sh [--downgrade]" >&2
  exit 2
  ;;
esac
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || refuse "only root may do this: sudo ./install.sh"
[ ! -e @PACKAGE@ ] || refuse "a package has installed it already: renew or remove that ($(cat @PACKAGE@))"
[ -d /run/systemd/system ] || [ "${DAYLINE_IMAGE-}" = 1 ] ||
  refuse "systemd does not run here (a container?): start \`./dayline-agent run\` instead, or set DAYLINE_IMAGE=1 for an image"

# Whole, since the old one may run; and asked there, since nothing may run where this was unpacked.
install -d -m 755 "$(dirname "$program")"
trap 'rm -f "$program.new"' EXIT
install -m 755 dayline-agent "$program.new"

# A tilde comes before everything, so that 1.2.3-rc.1 comes before 1.2.3.
new=$("$program.new" version | tr - '~')
if [ -x "$program" ]; then
  old=$("$program" version | tr - '~')
  newest=$(printf '%s\n' "$old" "$new" | sort -V | tail -n 1)
  [ "$newest" = "$new" ] || [ -n "$downgrade" ] ||
    refuse "$(echo "$old" | tr '~' -) is installed, which is newer: to go back, sudo ./install.sh --downgrade"
fi

mv -f "$program.new" "$program"
if [ -f enroll ]; then
  "$program" enroll --at-start --file enroll
fi
"$program" install
rm -f enroll
