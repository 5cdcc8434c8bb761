package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// SignInOptions tells how to sign in here.
func (a adminService) SignInOptions(ctx context.Context, _ *connect.Request[adminv1.SignInOptionsRequest]) (*connect.Response[adminv1.SignInOptionsResponse], error) {
	ways, err := a.Access.Ways(ctx, siteOf(ctx))
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.SignInOptionsResponse{
		Password: ways.Password, Provider: ways.Provider, Passkeys: ways.Passkeys, FirstAdmin: ways.FirstAdmin,
	}), nil
}

// letIn answers with a session, in the message or in a cookie.
func (a adminService) letIn(secret string, session collector.AccessToken, cookie bool, err error) (*connect.Response[adminv1.SignInResponse], error) {
	a.Agents.heads.forget() // a sign-in was written down, or a failure
	if err != nil {
		return nil, err
	}
	answer := connect.NewResponse(&adminv1.SignInResponse{Token: secret, Expires: instant(session.ExpiresAt)})
	if cookie {
		answer.Msg.Token = ""
		SetSession(answer.Header(), secret, session.ExpiresAt, a.Now())
	}
	return answer, nil
}

// SignIn gives a session for an e-mail and a password.
func (a adminService) SignIn(ctx context.Context, req *connect.Request[adminv1.SignInRequest]) (*connect.Response[adminv1.SignInResponse], error) {
	m := req.Msg
	secret, session, err := a.Access.SignIn(ctx, strings.TrimSpace(m.Email), m.Password, strings.TrimSpace(m.Code), fromOf(ctx))
	if errors.Is(err, access.ErrCodeWanted) {
		return connect.NewResponse(&adminv1.SignInResponse{NeedsCode: true}), nil
	}
	return a.letIn(secret, session, m.Cookie, err)
}

// BeginPasskeySignIn gives a browser what it signs in with.
func (a adminService) BeginPasskeySignIn(ctx context.Context, _ *connect.Request[adminv1.BeginPasskeySignInRequest]) (*connect.Response[adminv1.BeginPasskeySignInResponse], error) {
	ceremony, options, err := a.Access.BeginPasskeySignIn(siteOf(ctx), fromOf(ctx))
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.BeginPasskeySignInResponse{Ceremony: ceremony, OptionsJson: string(options)}), nil
}

// FinishPasskeySignIn gives a session for what the browser answered.
func (a adminService) FinishPasskeySignIn(ctx context.Context, req *connect.Request[adminv1.FinishPasskeySignInRequest]) (*connect.Response[adminv1.SignInResponse], error) {
	m := req.Msg
	secret, session, err := a.Access.SignInPasskey(ctx, m.Ceremony, []byte(m.CredentialJson), fromOf(ctx))
	return a.letIn(secret, session, m.Cookie, err)
}

// CreateFirstAdmin makes the first administrator, who may sign in with a password whatever other ways come later.
func (a adminService) CreateFirstAdmin(ctx context.Context, req *connect.Request[adminv1.CreateFirstAdminRequest]) (*connect.Response[adminv1.SignInResponse], error) {
	m := req.Msg
	email := strings.TrimSpace(m.Email)
	at := "users" + config.Item(email)
	add := func(ctx context.Context, first collector.Viewer) error {
		_, _, err := a.Editor.Apply(ctx, first, []config.Edit{
			{File: config.PeopleFile, Key: at + ".role", Value: string(collector.Admin)},
			{File: config.PeopleFile, Key: at + ".break_glass", Value: "true"},
		})
		return err
	}
	if email == "" {
		return nil, collector.Refuse(collector.BadRequest, "email", "say who you are")
	}
	secret, session, err := a.Access.CreateFirstAdmin(ctx, m.Code, email, m.Password, fromOf(ctx), add)
	return a.letIn(secret, session, m.Cookie, err)
}

// OpenMyDay trades the code that an agent was given for a session.
func (a adminService) OpenMyDay(ctx context.Context, req *connect.Request[adminv1.OpenMyDayRequest]) (*connect.Response[adminv1.SignInResponse], error) {
	secret, session, err := a.Access.OpenMyDay(ctx, req.Msg.Code, fromOf(ctx), a.Agents.opens)
	return a.letIn(secret, session, req.Msg.Cookie, err)
}

// SignOut ends what the caller came with.
func (a adminService) SignOut(ctx context.Context, req *connect.Request[adminv1.SignOutRequest]) (*connect.Response[adminv1.SignOutResponse], error) {
	if err := a.Access.SignOut(ctx, viewerOf(ctx)); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "user.sign_out", viewerOf(ctx).Actor(), nil); err != nil {
		return nil, err
	}
	answer := connect.NewResponse(&adminv1.SignOutResponse{})
	if cookieOf(&http.Request{Header: req.Header()}) != "" {
		clearSession(answer.Header())
	}
	return answer, nil
}
