package observe

import (
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// zone is the computer's time zone as it is now, asked anew again and again: the Go runtime asks once, at start. It
// knows no other part of its year than this one.
type zone struct {
	location *time.Location
	ahead    time.Duration
}

// systemZone is the zone of this computer.
func systemZone() *zone {
	z := &zone{location: time.Local, ahead: -1}
	z.refresh()
	return z
}

func (z *zone) refresh() {
	zone, part, err := win.TimeZone()
	if err != nil {
		return
	}
	ahead := aheadOfUTC(part, zone.Bias, zone.StandardBias, zone.DaylightBias)
	if ahead != z.ahead {
		z.location, z.ahead = time.FixedZone("", int(ahead.Seconds())), ahead
	}
}
