package api

import (
	"cmp"
	"context"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// ListSessions lists the caller's own sessions; for administrators those of one user, or everybody's.
func (a adminService) ListSessions(ctx context.Context, req *connect.Request[adminv1.ListSessionsRequest]) (*connect.Response[adminv1.ListSessionsResponse], error) {
	viewer := viewerOf(ctx)
	sessions, err := a.Access.Sessions(ctx, viewer, req.Msg.Email, req.Msg.Everyone)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ListSessionsResponse{}
	for i := range sessions {
		answer.Sessions = append(answer.Sessions, shownSession(&sessions[i], viewer))
	}
	return connect.NewResponse(answer), nil
}

func shownSession(s *collector.AccessToken, viewer collector.Viewer) *adminv1.Session {
	return &adminv1.Session{
		Id: s.ID, Email: cmp.Or(s.Email, s.Name), Created: instant(s.CreatedAt), LastUsed: instant(s.UsedAt), Expires: instant(s.ExpiresAt),
		Address: s.Address, Browser: s.Browser, How: s.How, Current: s.ID == viewer.Token,
	}
}

// RevokeSession ends a session, or all of the caller's but this one.
func (a adminService) RevokeSession(ctx context.Context, req *connect.Request[adminv1.RevokeSessionRequest]) (*connect.Response[adminv1.RevokeSessionResponse], error) {
	ctx = context.WithoutCancel(ctx) // the sessions and the audit log go together
	if req.Msg.Others && req.Msg.Id != "" {
		return nil, collector.Refuse(collector.BadRequest, "id", "id and others exclude each other")
	}
	subject, detail := req.Msg.Id, map[string]any{}
	ended, err := 1, error(nil)
	if req.Msg.Others {
		subject = viewerOf(ctx).User
		ended, err = a.Access.RevokeOthers(ctx, viewerOf(ctx))
	} else {
		var session collector.AccessToken
		session, err = a.Access.RevokeSession(ctx, viewerOf(ctx), subject)
		detail["user"] = cmp.Or(session.Email, session.Name)
	}
	if err != nil {
		return nil, err
	}
	detail["ended"] = ended
	if err := a.audit(ctx, "session.revoke", subject, detail); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RevokeSessionResponse{Ended: int32(ended)}), nil
}
