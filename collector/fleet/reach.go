package fleet

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Reach sums up, by browser, how far the extension has come among devices that are not revoked: the browser that most of them
// have first.
func Reach(devices []*adminv1.Device) []*adminv1.ExtensionReach {
	by := map[string][]*adminv1.DeviceBrowser{}
	for _, d := range devices {
		for _, b := range d.Browsers {
			if !d.Revoked {
				by[b.App] = append(by[b.App], b)
			}
		}
	}
	var all []*adminv1.ExtensionReach
	for _, app := range slices.Sorted(maps.Keys(by)) {
		all = append(all, reachOf(app, by[app]))
	}
	slices.SortStableFunc(all, func(a, b *adminv1.ExtensionReach) int { return cmp.Compare(b.Devices, a.Devices) })
	return all
}

func reachOf(app string, browsers []*adminv1.DeviceBrowser) *adminv1.ExtensionReach {
	reach := &adminv1.ExtensionReach{App: app, Devices: int32(len(browsers))}
	speaking := map[string]int32{}
	var front, address float64
	for _, b := range browsers {
		front, address = front+b.FrontSeconds, address+b.AddressSeconds
		if b.ExtensionVersion != "" {
			reach.Speaking++
			speaking[b.ExtensionVersion]++
		}
	}
	if front > 0 {
		reach.AddressShare = address / front
	}
	for version, devices := range speaking {
		reach.Versions = append(reach.Versions, &adminv1.ExtensionVersion{Version: version, Devices: devices})
	}
	slices.SortFunc(reach.Versions, func(a, b *adminv1.ExtensionVersion) int {
		return cmp.Or(cmp.Compare(b.Devices, a.Devices), strings.Compare(a.Version, b.Version))
	})
	return reach
}
