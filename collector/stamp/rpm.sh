#!/bin/sh
# Installs the package beside it, and leaves the agent the string that it enrols by. Both came by one download: rpm, which may
# be set to want signatures, is asked for none.
set -eu
cd "$(dirname "$0")"
[ "$(id -u)" = 0 ] || { echo "install.sh: only root may do this: sudo ./install.sh" >&2; exit 1; }
install -d -m 755 /etc/dayline
install -m 600 enroll /etc/dayline/enroll
if ! rpm --upgrade --nosignature --replacepkgs dayline-agent.rpm; then
  rm -f /etc/dayline/enroll
  rmdir --ignore-fail-on-non-empty /etc/dayline
  exit 1
fi
rm -f enroll
