package duckdb

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// Where clocks are set at or around midnight, a day begins at its first instant all the same.
func TestDaysBeginWhereClocksAreSet(t *testing.T) {
	for zone, date := range map[string]time.Time{
		"America/Sao_Paulo": time.Date(2018, 11, 4, 0, 0, 0, 0, time.UTC),  // 00:00 becomes 01:00
		"Asia/Beirut":       time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC),  // 00:00 becomes 01:00
		"America/Havana":    time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),  // 01:00 becomes 00:00
		"Atlantic/Azores":   time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), // 01:00 becomes 00:00
		"Europe/Berlin":     time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC),
		"Asia/Kathmandu":    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		middle := collector.LocalDay(date)
		for day := middle - 1; day <= middle+1; day++ {
			want := time.Unix(int64(day-1)*86400, 0)
			for ; collector.LocalDay(want.In(location)) < day; want = want.Add(time.Minute) {
			}
			if got := time.UnixMilli(firstInstant(location, day)); !got.Equal(want) {
				t.Errorf("%s, %v: %v instead of %v", zone, date, got.In(location), want.In(location))
			}
		}
	}
}
