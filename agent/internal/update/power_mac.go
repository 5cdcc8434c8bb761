//go:build unix

package update

import (
	"regexp"
	"strconv"
	"strings"
)

var charge = regexp.MustCompile(`\bInternalBattery.*?(\d{1,3})%`)

// powerToldBy reads what `pmset -g batt` prints.
func powerToldBy(told string) power {
	p := power{percent: 100}
	if found := charge.FindStringSubmatch(told); found != nil && strings.Contains(told, "'Battery Power'") {
		p.battery = true
		p.percent, _ = strconv.Atoi(found[1])
	}
	return p
}
