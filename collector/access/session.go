package access

import (
	"context"
	"errors"

	"github.com/dayline-project/dayline/collector"
)

// Sessions lists those that go on, oldest first: the viewer's own or, for administrators, those of one user (email) or
// everybody's. Of the administrator on the local socket there are none.
func (a *Access) Sessions(ctx context.Context, viewer collector.Viewer, email string, everyone bool) ([]collector.AccessToken, error) {
	if viewer.Role != collector.Admin && (everyone || email != "" && !sameEmail(email, viewer.User)) {
		return nil, collector.Refuse(collector.Denied, "email", "only administrators see the sessions of others")
	}
	if email == "" {
		email = viewer.User
	}
	all, err := a.registry.Tokens(ctx)
	if err != nil {
		return nil, err
	}
	var sessions []collector.AccessToken
	now := a.now()
	for _, token := range all {
		if !token.Session || !everyone && !sameEmail(token.Email, email) {
			continue
		}
		if _, holds := a.bearer(&token, now); !holds {
			continue
		}
		token.UsedAt = a.lastUsed(&token)
		sessions = append(sessions, token)
	}
	return sessions, nil
}

// RevokeSession ends a session: of the viewer's own or, by administrators, anybody's. Another's does not exist for those
// who are none.
func (a *Access) RevokeSession(ctx context.Context, viewer collector.Viewer, id string) (ended collector.AccessToken, err error) {
	sessions, err := a.Sessions(ctx, viewer, "", viewer.Role == collector.Admin)
	if err != nil {
		return ended, err
	}
	for _, session := range sessions {
		if session.ID == id {
			return session, a.registry.RevokeToken(ctx, id, a.now())
		}
	}
	return ended, collector.Refuse(collector.NotFound, "id", "there is no session %q", id)
}

// RevokeOthers ends the viewer's own sessions but the one it came with, and tells how many.
func (a *Access) RevokeOthers(ctx context.Context, viewer collector.Viewer) (ended int, err error) {
	sessions, err := a.Sessions(ctx, viewer, "", false)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, session := range sessions {
		if session.ID == viewer.Token {
			continue
		}
		if err := a.registry.RevokeToken(ctx, session.ID, a.now()); err != nil {
			failed = append(failed, err)
			continue
		}
		ended++
	}
	return ended, errors.Join(failed...)
}
