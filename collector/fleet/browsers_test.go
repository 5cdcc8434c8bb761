package fleet

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

func TestBrowsersAreToldAsAllSessionsSeeThem(t *testing.T) {
	at := func(ago time.Duration) int64 { return noon.Add(-ago).UnixMilli() }
	health := &agentv1.Health{Capture: []*agentv1.Capture{
		{Subject: "desktop", Level: "none"}, {Subject: "idle", Level: "none"}, {Subject: "lock", Level: "none"},
		{Subject: "firefox", Level: "application_only", Reason: "no extension", FrontSeconds: 40},
		{Subject: "chromium", Level: "full", Reason: "told", ExtensionVersion: "1.3.0", ExtensionMs: at(time.Minute), FrontSeconds: 90, AddressSeconds: 80},
		{Subject: "chromium", Level: "title_only", Reason: "silent", ExtensionVersion: "1.2.0", ExtensionMs: at(time.Hour), FrontSeconds: 10},
		{Subject: "chromium", Level: "full", Reason: "told"},
		{Subject: "edge", Level: "made up", ExtensionMs: at(-time.Hour)}, // its clock is ahead
	}}
	var told []string
	for _, b := range browsers(health, noon) {
		told = append(told, fmt.Sprint(b.App, " ", b.Level, " ", b.Reason, " ", b.ExtensionVersion, " ", b.LastReport, " ", b.FrontSeconds, " ", b.AddressSeconds, " ", b.AddressShare))
	}
	want := []string{
		"chromium title_only silent 1.3.0 2026-03-02T11:59:00Z 100 80 0.8", "edge made up   2026-03-02T12:00:00Z 0 0 0",
		"firefox application_only no extension   40 0 0",
	}
	if !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}

func TestABrowserWithoutAddressesIsFlaggedWhereTheyAreWanted(t *testing.T) {
	for name, c := range map[string]struct {
		capture *agentv1.Capture
		wanted  bool
		want    bool
	}{
		"titles alone": {capture: &agentv1.Capture{Subject: "firefox", Level: "title_only"}, wanted: true, want: true},
		"not wanted":   {capture: &agentv1.Capture{Subject: "firefox", Level: "title_only"}},
		"in full":      {capture: &agentv1.Capture{Subject: "firefox", Level: "full"}, wanted: true},
		"no browser":   {capture: &agentv1.Capture{Subject: "desktop", Level: "title_only"}, wanted: true},
	} {
		health := &agentv1.Health{Capture: []*agentv1.Capture{c.capture}}
		if got := slices.Contains(flags(&collector.Device{}, health, nil, nil, c.wanted), "addresses"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
