package access

import (
	"context"
	"errors"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// endLinks revokes the links that let computers in by the word of somebody who may make none any more. Those made on the
// local socket hang on nobody's role.
func (a *Access) endLinks(ctx context.Context) error {
	links, err := a.registry.Links(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, link := range links {
		email := collector.ActedFor(link.CreatedBy)
		if !link.RevokedAt.IsZero() || !a.now().Before(link.ExpiresAt) || email == collector.LocalAdministrator {
			continue
		}
		switch user, known := a.User(email); {
		case !known:
			failed = append(failed, a.end(ctx, "link.revoke", link.ID, "the user is gone", a.registry.RevokeLink))
		case Permit(a.viewer(user), adminv1connect.AdminServiceCreateLinkProcedure) != nil:
			failed = append(failed, a.end(ctx, "link.revoke", link.ID, "the user may make no links any more", a.registry.RevokeLink))
		}
	}
	return errors.Join(failed...)
}
