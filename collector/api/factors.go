package api

import (
	"context"
	"encoding/base64"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// ShowSignIn tells what the caller can sign in with.
func (a adminService) ShowSignIn(ctx context.Context, _ *connect.Request[adminv1.ShowSignInRequest]) (*connect.Response[adminv1.ShowSignInResponse], error) {
	viewer := viewerOf(ctx)
	credential, err := a.Registry.Credential(ctx, viewer.User)
	if err != nil {
		return nil, err
	}
	passkeys, here, err := a.Access.OwnPasskeys(ctx, viewer, siteOf(ctx))
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ShowSignInResponse{Password: credential.Hash != "", Totp: credential.TOTP != "", PasskeysHere: here}
	for i := range passkeys {
		answer.Passkeys = append(answer.Passkeys, shownPasskey(&passkeys[i]))
	}
	return connect.NewResponse(answer), nil
}

func shownPasskey(p *collector.Passkey) *adminv1.Passkey {
	return &adminv1.Passkey{
		Id: base64.RawURLEncoding.EncodeToString(p.ID), Name: p.Name, Created: instant(p.CreatedAt), LastUsed: instant(p.UsedAt),
	}
}

// BeginTOTP gives a secret for an authenticator application.
func (a adminService) BeginTOTP(ctx context.Context, _ *connect.Request[adminv1.BeginTOTPRequest]) (*connect.Response[adminv1.BeginTOTPResponse], error) {
	secret, uri, err := a.Access.BeginTOTP(ctx, viewerOf(ctx))
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.BeginTOTPResponse{Secret: secret, Uri: uri}), nil
}

// EnableTOTP wants codes of the application from then on.
func (a adminService) EnableTOTP(ctx context.Context, req *connect.Request[adminv1.EnableTOTPRequest]) (*connect.Response[adminv1.EnableTOTPResponse], error) {
	ctx = context.WithoutCancel(ctx) // what changes and the audit log go together
	if err := a.Access.EnableTOTP(ctx, viewerOf(ctx), req.Msg.Code); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "user.totp_on", viewerOf(ctx).User, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.EnableTOTPResponse{}), nil
}

// DisableTOTP wants none any more.
func (a adminService) DisableTOTP(ctx context.Context, req *connect.Request[adminv1.DisableTOTPRequest]) (*connect.Response[adminv1.DisableTOTPResponse], error) {
	ctx = context.WithoutCancel(ctx)
	defer a.Agents.heads.forget() // a failure was written down too
	if err := a.Access.DisableTOTP(ctx, viewerOf(ctx), req.Msg.Password, strings.TrimSpace(req.Msg.Code), fromOf(ctx)); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "user.totp_off", viewerOf(ctx).User, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.DisableTOTPResponse{}), nil
}

// BeginPasskey gives a browser what it makes a passkey with.
func (a adminService) BeginPasskey(ctx context.Context, _ *connect.Request[adminv1.BeginPasskeyRequest]) (*connect.Response[adminv1.BeginPasskeyResponse], error) {
	ceremony, options, err := a.Access.BeginPasskey(ctx, viewerOf(ctx), siteOf(ctx))
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.BeginPasskeyResponse{Ceremony: ceremony, OptionsJson: string(options)}), nil
}

// FinishPasskey keeps the passkey that the browser made.
func (a adminService) FinishPasskey(ctx context.Context, req *connect.Request[adminv1.FinishPasskeyRequest]) (*connect.Response[adminv1.FinishPasskeyResponse], error) {
	ctx = context.WithoutCancel(ctx)
	m := req.Msg
	made, err := a.Access.FinishPasskey(ctx, viewerOf(ctx), siteOf(ctx), m.Ceremony, []byte(m.CredentialJson), m.Name)
	if err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "user.passkey_add", made.Email, map[string]any{"name": made.Name, "host": made.Host}); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.FinishPasskeyResponse{Passkey: shownPasskey(&made)}), nil
}

// RemovePasskey forgets one of the caller's own.
func (a adminService) RemovePasskey(ctx context.Context, req *connect.Request[adminv1.RemovePasskeyRequest]) (*connect.Response[adminv1.RemovePasskeyResponse], error) {
	ctx = context.WithoutCancel(ctx)
	if err := a.Access.RemovePasskey(ctx, viewerOf(ctx), req.Msg.Id); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "user.passkey_remove", viewerOf(ctx).User, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RemovePasskeyResponse{}), nil
}

// ResetSignIn takes a user's second factors away, for one who has lost them.
func (a adminService) ResetSignIn(ctx context.Context, req *connect.Request[adminv1.ResetSignInRequest]) (*connect.Response[adminv1.ResetSignInResponse], error) {
	ctx = context.WithoutCancel(ctx)
	user, err := a.Access.ResetSignIn(ctx, viewerOf(ctx), req.Msg.Email)
	if err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "user.reset", user.Email, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.ResetSignInResponse{}), nil
}
