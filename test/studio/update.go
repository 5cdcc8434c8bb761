package studio

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/rig"
)

// The releases: all computers run the first until Update.
const (
	Installed = "1.0.0"
	Newest    = "1.1.0"
)

// updated is how far single computers came with Newest: that they run it, or their word on why not.
var updated = map[string]func(now time.Time) *agentv1.SelfUpdate{
	"quince": runs, "medlar": runs, "damson": elsewhere,
	"desk-04": runs, "desk-05": runs, "front-desk": fetches,
	"sloe": runs, "iris": wentBack,
}

// Update has the collector, which trusts the key in a file, hand out Newest and tell devices to become it: Linux is through, on
// Windows half of the devices are told, on Macs it halted by itself.
func (s *Studio) Update(ctx context.Context, key string) error {
	if err := s.shelve(ctx, key); err != nil {
		return err
	}
	for os, percent := range map[string]string{"linux": "100", "windows": "50", "macos": "50"} {
		if _, err := s.Collector.Run(ctx, "updates", "raise", os, percent); err != nil {
			return err
		}
	}
	for _, d := range s.desks {
		if says := updated[d.computer.name]; says != nil {
			if d.update = says(s.now); d.update == nil {
				d.version = Newest
			}
		}
	}
	if err := s.Contact(ctx); err != nil {
		return err
	}
	_, err := s.Collector.Run(ctx, "updates") // who looks sees what is decided by now
	return err
}

// shelve signs what is invented as a release of the agent, and a channel that names it as the newest.
func (s *Studio) shelve(ctx context.Context, key string) error {
	version, err := release.ParseVersion(Newest)
	if err != nil {
		return err
	}
	program := func(os, arch string) rig.Packed {
		return rig.Packed{OS: os, Arch: arch, Kind: release.UpdateKind(os), Content: fmt.Appendf(nil, "an agent for %s on %s", os, arch)}
	}
	folder, err := s.Collector.Packed(version, program(release.Linux, release.AMD64), program(release.Windows, release.AMD64), program(release.MacOS, release.Universal))
	if err != nil {
		return err
	}
	keys := filepath.Join(filepath.Dir(folder), "keys")
	if err := os.MkdirAll(keys, 0o755); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"release", "sign", folder, "--key", key},
		{"release", "channel", keys, "--key", key, "--newest", "linux=" + Newest, "--newest", "windows=" + Newest, "--newest", "macos=" + Newest},
		{"release", "add", folder, keys},
	} {
		if _, err := s.Collector.Run(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

func runs(time.Time) *agentv1.SelfUpdate { return nil }

func elsewhere(time.Time) *agentv1.SelfUpdate {
	return &agentv1.SelfUpdate{Off: "a package (.deb) installed it: the package manager updates it"}
}

func fetches(time.Time) *agentv1.SelfUpdate {
	return &agentv1.SelfUpdate{Version: Newest, Step: "fetch"}
}

func wentBack(now time.Time) *agentv1.SelfUpdate {
	return &agentv1.SelfUpdate{Failed: []*agentv1.FailedUpdate{{
		Version: Newest, Step: "probation", Reason: "it was started three times and did not become healthy", RolledBack: true,
		AtMs: now.UnixMilli(), UntilMs: now.Add(7 * 24 * time.Hour).UnixMilli(),
	}}}
}
