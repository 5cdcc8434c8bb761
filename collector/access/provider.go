package access

import (
	"context"
	"encoding/json"

	"github.com/dayline-project/dayline/collector"
)

// BeginAtProvider counts somebody on the way to an OpenID Connect provider: TooMany where too many of one network go, since
// each that comes back makes the collector ask there.
func (a *Access) BeginAtProvider(from From) error { return a.throttle.beginUnknown(from) }

// ProviderFailed writes down that a sign-in at the provider let nobody in; reason is a word. TooMany, and nothing is
// written down, where too many of one network failed.
func (a *Access) ProviderFailed(ctx context.Context, from From, reason string) error {
	if err := a.throttle.failStrange(from); err != nil {
		return err
	}
	detail, err := json.Marshal(map[string]string{
		"address": from.Address, "browser": from.Browser, "how": collector.ByProvider, "reason": reason,
	})
	if err != nil {
		return err
	}
	return a.registry.Audit(ctx, collector.AuditEntry{At: a.now(), Actor: "collector", Action: "user.sign_in_failed", Detail: string(detail)})
}
