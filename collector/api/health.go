package api

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// maxHealthBytes is what a device may say of itself; more is refused.
	maxHealthBytes = 32 << 10
	// maxHealthTexts of each kind are kept, each with maxHealthRunes: they are read by people, one by one.
	maxHealthTexts = 100
	maxHealthRunes = 512
	// maxFrontSeconds is as long as a browser can have been in front: ten years.
	maxFrontSeconds = 10 * 365 * 86400
	// maxFailedUpdates are kept, the newest.
	maxFailedUpdates = 16
	// maxUpdateMs is the end of the year 9999, after which RFC 3339 knows no time.
	maxUpdateMs = 253402300799_000
)

func checkHealth(health *agentv1.Health) error {
	if size := proto.Size(health); size > maxHealthBytes {
		return collector.Refuse(collector.BadRequest, "health", "it has %d bytes; at most %d are kept", size, maxHealthBytes)
	}
	return nil
}

// keptHealth is what is kept of what a device says of itself: without what could act on a screen, and no more than people
// would read. Nil stays nil.
func keptHealth(health *agentv1.Health) *agentv1.Health {
	if health == nil {
		return nil
	}
	health = proto.CloneOf(health)
	health.MissingPermissions, health.Errors = keptTexts(health.MissingPermissions), keptTexts(health.Errors)
	health.Capture = health.Capture[:min(len(health.Capture), maxHealthTexts)]
	for _, c := range health.Capture {
		c.Subject, c.Level, c.Reason = keptText(c.Subject), keptText(c.Level), keptText(c.Reason)
		c.ExtensionVersion, c.ExtensionMs = keptText(c.ExtensionVersion), max(c.ExtensionMs, 0)
		c.FrontSeconds = min(max(c.FrontSeconds, 0), maxFrontSeconds)
		c.AddressSeconds = min(max(c.AddressSeconds, 0), c.FrontSeconds)
		if c.Login != nil {
			c.Login.Name = keptText(c.Login.Name)
		}
	}
	keepUpdate(health.Update)
	return health
}

func keepUpdate(u *agentv1.SelfUpdate) {
	if u == nil {
		return
	}
	u.Off, u.Version, u.Step, u.Waits = keptText(u.Off), keptText(u.Version), keptText(u.Step), keptText(u.Waits)
	u.Failed = u.Failed[:min(len(u.Failed), maxFailedUpdates)]
	for _, f := range u.Failed {
		f.Version, f.Step, f.Reason = keptText(f.Version), keptText(f.Step), keptText(f.Reason)
		f.AtMs, f.UntilMs = min(max(f.AtMs, 0), maxUpdateMs), min(max(f.UntilMs, 0), maxUpdateMs)
	}
}

func keptTexts(texts []string) []string {
	var kept []string
	for _, text := range texts {
		if text = keptText(text); text != "" && !slices.Contains(kept, text) && len(kept) < maxHealthTexts {
			kept = append(kept, text)
		}
	}
	return kept
}

func keptText(text string) string {
	runes := 0
	for at := range text {
		if runes++; runes > maxHealthRunes {
			text = text[:at]
			break
		}
	}
	return stream.Printable(text)
}
