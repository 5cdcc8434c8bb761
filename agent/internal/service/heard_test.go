package service

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/session"
)

func TestHeardTellsTheExtensionAndTheShareOfAddresses(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixMilli() }
	for _, c := range []struct {
		level session.CaptureLevel
		want  string
	}{
		{session.CaptureLevel{Subject: "desktop", Level: "full"}, ""},
		{session.CaptureLevel{Extension: "1.2.0", ExtensionMS: ago(3 * time.Minute), FrontSeconds: 7800, AddressSeconds: 7799}, "extension 1.2.0 heard 3m ago; an address for 99 % of 2h10m in front"},
		{session.CaptureLevel{Extension: "1.2.0", ExtensionMS: ago(-time.Minute)}, "extension 1.2.0 heard less than a minute ago"}, // the clock was set
		{session.CaptureLevel{Extension: "1.2.0"}, "extension 1.2.0"},
		{session.CaptureLevel{ExtensionMS: ago(26 * time.Hour)}, "its extension was heard last 26h0m ago"},
		{session.CaptureLevel{FrontSeconds: 40}, "an address for 0 % of 40s in front"},
	} {
		if got := Heard(&c.level, now); got != c.want {
			t.Errorf("%+v: %q", c.level, got)
		}
	}
}
