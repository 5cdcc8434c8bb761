package config

import (
	"fmt"
	"time"

	"github.com/dayline-project/dayline/shared/settings"
)

// checkAccount holds the account to its ranges, and its groups to people.yaml where that could be read.
func checkAccount(d *decoder, account *settings.Account, known bool, groups []string) {
	for _, fault := range account.Check() {
		d.at(fault.Key, "%s is not allowed; allowed: %s", fault.Value, fault.Allowed)
	}
	if zone := account.Reports.TimeZone; zone != "device" {
		if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
			d.at("reports.time_zone", "%q is neither device nor a zone such as Europe/Lisbon", zone)
		}
	}
	if !known {
		return
	}
	for i, use := range account.Schedule.Groups {
		checkGroup(d, fmt.Sprintf("schedule.groups[%d].group", i), use.Group, groups)
	}
	for i, override := range account.Overrides {
		for j, group := range override.Groups {
			checkGroup(d, fmt.Sprintf("overrides[%d].groups[%d]", i, j), group, groups)
		}
	}
}
