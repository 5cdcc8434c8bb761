package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// SetPassword sets the caller's own password or, by administrators, another's.
func (a adminService) SetPassword(ctx context.Context, req *connect.Request[adminv1.SetPasswordRequest]) (*connect.Response[adminv1.SetPasswordResponse], error) {
	ctx = context.WithoutCancel(ctx) // the password and the audit log go together
	user, err := a.Access.SetPassword(ctx, viewerOf(ctx), req.Msg.Email, req.Msg.Password, req.Msg.Current, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "user.password", user.Email, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.SetPasswordResponse{}), nil
}

// CreateToken makes an API token.
func (a adminService) CreateToken(ctx context.Context, req *connect.Request[adminv1.CreateTokenRequest]) (*connect.Response[adminv1.CreateTokenResponse], error) {
	m := req.Msg
	if s := m.ExpiresSeconds; s != s || s < 0 || s > 1e9 {
		return nil, collector.Refuse(collector.BadRequest, "expires_seconds", "a token is valid for a minute to a year")
	}
	ctx = context.WithoutCancel(ctx)
	secret, made, err := a.Access.CreateToken(ctx, viewerOf(ctx), m.Email, m.Name, time.Duration(m.ExpiresSeconds*float64(time.Second)), m.Write)
	if err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "token.create", made.ID, map[string]any{
		"user": made.Email, "name": made.Name, "expires": instant(made.ExpiresAt), "write": made.Write,
	}); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.CreateTokenResponse{Token: accessToken(&made), Secret: secret}), nil
}

func accessToken(t *collector.AccessToken) *adminv1.Token {
	return &adminv1.Token{
		Id: t.ID, Email: t.Email, Name: t.Name, Created: instant(t.CreatedAt), Expires: instant(t.ExpiresAt),
		LastUsed: instant(t.UsedAt), Write: t.Write, Revoked: !t.RevokedAt.IsZero(),
	}
}

// ListTokens lists API tokens: administrators see everybody's.
func (a adminService) ListTokens(ctx context.Context, _ *connect.Request[adminv1.ListTokensRequest]) (*connect.Response[adminv1.ListTokensResponse], error) {
	tokens, err := a.Access.Tokens(ctx, viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ListTokensResponse{}
	for i := range tokens {
		answer.Tokens = append(answer.Tokens, accessToken(&tokens[i]))
	}
	return connect.NewResponse(answer), nil
}

// RevokeToken ends an API token.
func (a adminService) RevokeToken(ctx context.Context, req *connect.Request[adminv1.RevokeTokenRequest]) (*connect.Response[adminv1.RevokeTokenResponse], error) {
	ctx = context.WithoutCancel(ctx)
	if err := a.Access.RevokeToken(ctx, viewerOf(ctx), req.Msg.Id); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "token.revoke", req.Msg.Id, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RevokeTokenResponse{}), nil
}

// ListUsers lists who may sign in.
func (a adminService) ListUsers(ctx context.Context, _ *connect.Request[adminv1.ListUsersRequest]) (*connect.Response[adminv1.ListUsersResponse], error) {
	users, err := a.shownUsers(ctx, a.Config().People.Users)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.ListUsersResponse{Users: users}), nil
}

// shownUsers joins users of people.yaml with what they sign in with.
func (a adminService) shownUsers(ctx context.Context, users []config.User) (shown []*adminv1.User, err error) {
	credentials, err := a.Registry.Credentials(ctx)
	if err != nil {
		return nil, err
	}
	passkeys, err := a.Registry.Passkeys(ctx)
	if err != nil {
		return nil, err
	}
	sessions, err := a.Access.Sessions(ctx, collector.Viewer{Role: collector.Admin}, "", true)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		email := strings.ToLower(user.Email)
		one := &adminv1.User{
			Email: user.Email, Role: user.Role, Everyone: user.ViewableGroups.All, ViewableGroups: user.ViewableGroups.Groups, BreakGlass: user.BreakGlass,
		}
		for _, c := range credentials {
			if c.Email == email {
				one.HasPassword, one.HasTotp, one.LastSignIn = c.Hash != "", c.TOTP != "", instant(c.SignedInAt)
			}
		}
		for _, p := range passkeys {
			if p.Email == email {
				one.Passkeys++
			}
		}
		for _, s := range sessions {
			if s.Email == email {
				one.Sessions++
			}
		}
		shown = append(shown, one)
	}
	return shown, nil
}

// SetUser adds a user to people.yaml, or changes one: a changed role ends sessions and tokens.
func (a adminService) SetUser(ctx context.Context, req *connect.Request[adminv1.SetUserRequest]) (*connect.Response[adminv1.SetUserResponse], error) {
	m := req.Msg
	email := strings.TrimSpace(m.Email)
	user, known := a.Access.User(email)
	if known {
		email = user.Email
	}
	switch {
	case email == "":
		return nil, collector.Refuse(collector.BadRequest, "email", "say whose")
	case !known && m.Role == "":
		return nil, collector.Refuse(collector.BadRequest, "role", "a new user needs a role: admin, configurator, manager or viewer")
	}
	if err := a.edit(ctx, userEdits(user, email, m)); err != nil {
		return nil, err
	}
	if user, known = a.Access.User(email); !known {
		return nil, collector.Refuse(collector.Conflict, "email", "the user was removed by somebody else meanwhile")
	}
	shown, err := a.shownUsers(ctx, []config.User{user})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.SetUserResponse{User: shown[0]}), nil
}

func userEdits(user config.User, email string, m *adminv1.SetUserRequest) (edits []config.Edit) {
	at := "users" + config.Item(email)
	if m.Role != "" {
		edits = append(edits, config.Edit{File: config.PeopleFile, Key: at + ".role", Value: config.Text(m.Role)})
	}
	viewable := config.Edit{File: config.PeopleFile, Key: at + ".viewable_groups"}
	was := user.ViewableGroups
	switch {
	case !m.SetViewable, m.Everyone == was.All && slices.Equal(m.ViewableGroups, was.Groups):
		return edits
	case m.Everyone:
		viewable.Value = "all"
	default:
		viewable.Value = config.List(m.ViewableGroups...)
	}
	return append(edits, viewable)
}

// RemoveUser takes a user out of people.yaml; password, sessions and tokens end with that.
func (a adminService) RemoveUser(ctx context.Context, req *connect.Request[adminv1.RemoveUserRequest]) (*connect.Response[adminv1.RemoveUserResponse], error) {
	user, known := a.Access.User(req.Msg.Email)
	if !known {
		return nil, collector.Refuse(collector.NotFound, "email", "there is no user %q", req.Msg.Email)
	}
	err := a.edit(ctx, []config.Edit{{File: config.PeopleFile, Key: "users" + config.Item(user.Email), Unset: true}})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RemoveUserResponse{}), nil
}
