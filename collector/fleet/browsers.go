package fleet

import (
	"slices"
	"strings"
	"time"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Levels of a browser whose titles are told: Full with the addresses of its pages, TitleOnly without.
const (
	Full      = "full"
	TitleOnly = "title_only"
)

// levels of capture, the least first. What an agent of another version says counts as less than all of them.
var levels = []string{"none", "application_only", TitleOnly, Full}

// IsBrowser tells whether what an agent says is of a browser, which it calls by its executable, and not of the session.
func IsBrowser(c *agentv1.Capture) bool {
	return c.GetSubject() != "desktop" && c.GetSubject() != "idle" && c.GetSubject() != "lock"
}

// browsers are those that a device tells of, by name. What its sessions say of one is put together: the least that one of
// them reaches, the extension that was heard last, and the time of all.
func browsers(health *agentv1.Health, now time.Time) []*adminv1.DeviceBrowser {
	by := map[string]*adminv1.DeviceBrowser{}
	heard := map[string]int64{}
	var all []*adminv1.DeviceBrowser
	for _, c := range health.GetCapture() {
		if !IsBrowser(c) {
			continue
		}
		one := by[c.Subject]
		if one == nil {
			one = &adminv1.DeviceBrowser{App: c.Subject, Level: c.Level, Reason: c.Reason}
			by[c.Subject] = one
			all = append(all, one)
		}
		if slices.Index(levels, c.Level) < slices.Index(levels, one.Level) {
			one.Level, one.Reason = c.Level, c.Reason
		}
		if c.ExtensionVersion != "" && (one.ExtensionVersion == "" || c.ExtensionMs > heard[c.Subject]) {
			one.ExtensionVersion = c.ExtensionVersion
		}
		heard[c.Subject] = max(heard[c.Subject], c.ExtensionMs)
		one.FrontSeconds += float64(c.FrontSeconds)
		one.AddressSeconds += float64(c.AddressSeconds)
	}
	for _, one := range all {
		if one.FrontSeconds > 0 {
			one.AddressShare = one.AddressSeconds / one.FrontSeconds
		}
		if ms := heard[one.App]; ms > 0 {
			one.LastReport = instant(time.UnixMilli(min(ms, now.UnixMilli())))
		}
	}
	slices.SortFunc(all, func(a, b *adminv1.DeviceBrowser) int { return strings.Compare(a.App, b.App) })
	return all
}
