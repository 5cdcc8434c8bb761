#!/bin/sh
# An extension attribute: what keeps the agent from its work, if anything does.
agent=/Library/Dayline/Dayline.app/Contents/MacOS/dayline-agent
[ -x "$agent" ] || { echo '<result>not installed</result>'; exit 0; }
problem=$("$agent" status | sed -n 's/[<>&]//g; s/^Problem  *//p')
echo "<result>${problem:-well}</result>"
