package studio

import (
	"testing"
	"time"
)

// It is early in the afternoon at the studio at whatever time it opens, and the same day for hours on.
func TestEarlyAfternoon(t *testing.T) {
	utc := time.Date(2026, 11, 22, 0, 59, 59, 0, time.UTC)
	for range 24 {
		zone, err := time.LoadLocation(zoneAt(utc))
		if err != nil {
			t.Fatal(err)
		}
		at := utc.In(zone)
		if at.Hour() != 14 || at.Day() != 22 || at.Add(8*time.Hour).Day() != 22 {
			t.Errorf("at %v it is %v in %v", utc, at, zone)
		}
		utc = utc.Add(time.Hour)
	}
}
