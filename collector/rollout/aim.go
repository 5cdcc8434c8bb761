package rollout

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/shared/release"
)

// systems in the order in which people are told of them.
var systems = []string{release.Windows, release.MacOS, release.Linux}

// unfit tells why a device cannot become a release, in people's words; nil: it can.
func unfit(one *shelf.Release, d *collector.Device) error {
	if _, err := one.UpdateFor(d.OS, d.Arch); err != nil {
		return err
	}
	runs, err := release.ParseVersion(d.AgentVersion)
	least, bound := release.ParseVersion(one.MinVersion)
	if err == nil && bound == nil && runs.Compare(least) < 0 {
		return fmt.Errorf("%s is too old to become %s: that takes %s or newer", runs, one.Version, least)
	}
	return nil
}

// find gives the release of a version that agents of a system would take; NotFound says why there is none.
func find(on *shelf.Releases, system, version string, now time.Time) (*shelf.Release, error) {
	by := on.Vouched()
	if err := by.Unheard(now); err != nil {
		return nil, err
	}
	all := on.List()
	at := slices.IndexFunc(all, func(one *shelf.Release) bool { return one.Version.String() == version })
	err := errors.New("it is not on the shelf")
	if at >= 0 {
		if err = all[at].Problem; err == nil {
			err = by.Channel.Allows(system, all[at].Version)
		}
	}
	if err != nil {
		return nil, collector.Refuse(collector.NotFound, "", "%s cannot become %s: %v", system, version, err)
	}
	return all[at], nil
}
