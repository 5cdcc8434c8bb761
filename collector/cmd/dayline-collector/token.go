package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Make a token for programs; it is printed alone, once."`
	List   tokenList   `cmd:"" help:"List the tokens."`
	Revoke tokenRevoke `cmd:"" help:"End a token."`
}

// lifetime is a length that may be given in days: 90d.
type lifetime time.Duration

// UnmarshalText of encoding.TextUnmarshaler.
func (l *lifetime) UnmarshalText(text []byte) error {
	if days, found := strings.CutSuffix(string(text), "d"); found {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 10000 {
			return fmt.Errorf("%q is no number of days", text)
		}
		*l = lifetime(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	length, err := time.ParseDuration(string(text))
	*l = lifetime(length)
	return err
}

type tokenCreate struct {
	User    string   `placeholder:"EMAIL" help:"Whose rights it carries (default: those of --as)."`
	Name    string   `help:"What it is for."`
	Expires lifetime `default:"90d" help:"Ends after this long: 90d, 12h; at most 365d."`
	Write   bool     `help:"It may change what its owner may; without this it only reads."`
}

// Run prints the token alone, so that scripts can use it.
func (c *tokenCreate) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.CreateToken(i.ctx, connect.NewRequest(&adminv1.CreateTokenRequest{
		Email: c.User, Name: c.Name, ExpiresSeconds: time.Duration(c.Expires).Seconds(), Write: c.Write,
	}))
	if err != nil {
		return err
	}
	t := answer.Msg.Token
	fmt.Fprintf(i.err, "Token %s of %s, until %s. It is shown once:\n", t.Id, t.Email, t.Expires)
	_, err = fmt.Fprintln(i.out, answer.Msg.Secret)
	return err
}

type tokenList struct{ listed }

// Run lists the tokens.
func (c *tokenList) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ListTokens(i.ctx, connect.NewRequest(&adminv1.ListTokensRequest{}))
	if err != nil {
		return err
	}
	return list(i, c.Format, answer.Msg.Tokens, "There are no tokens.",
		"id", "email", "name", "write", "created", "expires", "last_used", "revoked")
}

type tokenRevoke struct {
	ID string `arg:"" help:"The token's id."`
}

// Run ends a token.
func (c *tokenRevoke) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if _, err := admin.RevokeToken(i.ctx, connect.NewRequest(&adminv1.RevokeTokenRequest{Id: c.ID})); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Token %s is revoked.\n", c.ID)
	return nil
}
