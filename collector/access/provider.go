package access

import (
	"context"
	"encoding/json"

	"github.com/dayline-project/dayline/collector"
)

// BackFromProvider counts somebody's return from an OpenID Connect provider as failed until that is undone: TooMany where
// too many of one network failed.
func (a *Access) BackFromProvider(from From) (undo func(), err error) {
	return a.throttle.beginStrange(from)
}

// ProviderFailed writes down that a sign-in at the provider let nobody in; reason is a word.
func (a *Access) ProviderFailed(ctx context.Context, from From, reason string) error {
	detail, err := json.Marshal(map[string]string{
		"address": from.Address, "browser": from.Browser, "how": collector.ByProvider, "reason": reason,
	})
	if err != nil {
		return err
	}
	return a.registry.Audit(ctx, collector.AuditEntry{At: a.now(), Actor: "collector", Action: "user.sign_in_failed", Detail: string(detail)})
}
