package main

import (
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type userCommand struct {
	List     userList     `cmd:"" help:"List who may sign in."`
	Add      userAdd      `cmd:"" help:"Let somebody sign in, by e-mail."`
	Set      userSet      `cmd:"" help:"Change a user's role or what the user may see. A changed role ends sessions and tokens."`
	Remove   userRemove   `cmd:"" help:"Take a user away, with password, sessions and tokens."`
	Password userPassword `cmd:"" help:"Set a password: typed twice, or one line of standard input."`
	Reset    userReset    `cmd:"" help:"Take authenticator application and passkeys away, and end the sessions: for one who has lost them."`
	Sessions userSessions `cmd:"" help:"List or end sessions."`
}

type userList struct{ listed }

// Run lists the users.
func (c *userList) Run(i *invocation) error {
	users, err := i.users()
	if err != nil {
		return err
	}
	return list(i, c.Format, users, "There are no users yet; `user add EMAIL --role admin` makes the first.",
		"email", "role", "everyone", "viewable_groups", "break_glass", "has_password", "has_totp", "passkeys", "sessions", "last_sign_in")
}

func (i *invocation) users() ([]*adminv1.User, error) {
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := admin.ListUsers(i.ctx, connect.NewRequest(&adminv1.ListUsersRequest{}))
	if err != nil {
		return nil, err
	}
	return answer.Msg.Users, nil
}

func (i *invocation) knowsUser(email string) (bool, error) {
	users, err := i.users()
	return slices.ContainsFunc(users, func(u *adminv1.User) bool { return strings.EqualFold(u.Email, email) }), err
}

// viewable is what managers and viewers see.
type viewable struct {
	Groups []string `placeholder:"A,B" help:"Groups whose data a manager or viewer sees."`
	All    bool     `help:"A manager or viewer sees everyone."`
}

func (v *viewable) request(email, role string) (*adminv1.SetUserRequest, error) {
	if v.All && len(v.Groups) > 0 {
		return nil, usage("--all and --groups exclude each other")
	}
	if slices.Equal(v.Groups, []string{"all"}) { // the file's word for everyone, but a group may be called so
		return nil, usage("--groups names groups; --all shows everyone")
	}
	return &adminv1.SetUserRequest{
		Email: email, Role: role, Everyone: v.All, ViewableGroups: v.Groups, SetViewable: v.All || v.Groups != nil,
	}, nil
}

type userAdd struct {
	Email string `arg:"" help:"The user's e-mail address."`
	Role  string `required:"" enum:"admin,configurator,manager,viewer" help:"admin, configurator, manager or viewer."`
	viewable
}

// Run adds a user.
func (c *userAdd) Run(i *invocation) error {
	known, err := i.knowsUser(c.Email)
	if err != nil {
		return err
	}
	if known {
		return fmt.Errorf("there is a user %s already; `user set` changes one", c.Email)
	}
	request, err := c.request(c.Email, c.Role)
	if err != nil {
		return err
	}
	if err := i.setUser(request); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "%s may sign in as %s once there is a password: `user password %s` sets one.\n", c.Email, c.Role, c.Email)
	return nil
}

func (i *invocation) setUser(request *adminv1.SetUserRequest) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	_, err = admin.SetUser(i.ctx, connect.NewRequest(request))
	return err
}

type userSet struct {
	Email string `arg:"" help:"The user's e-mail address."`
	Role  string `enum:"admin,configurator,manager,viewer," default:"" help:"admin, configurator, manager or viewer."`
	viewable
	None bool `help:"A manager or viewer sees nothing but the user's own."`
}

// Run changes a user.
func (c *userSet) Run(i *invocation) error {
	request, err := c.request(c.Email, c.Role)
	if err != nil {
		return err
	}
	if c.None && request.SetViewable {
		return usage("--none excludes --groups and --all")
	}
	request.SetViewable = request.SetViewable || c.None
	if c.Role == "" && !request.SetViewable {
		return usage("nothing to change: give --role, --groups, --all or --none")
	}
	known, err := i.knowsUser(c.Email)
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("there is no user %s; `user add` adds one", c.Email)
	}
	if err := i.setUser(request); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "User %s is changed.\n", c.Email)
	return nil
}

type userRemove struct {
	Email string `arg:"" help:"The user's e-mail address."`
}

// Run takes a user away.
func (c *userRemove) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if _, err := admin.RemoveUser(i.ctx, connect.NewRequest(&adminv1.RemoveUserRequest{Email: c.Email})); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "%s may not sign in any more.\n", c.Email)
	return nil
}

type userPassword struct {
	Email string `arg:"" help:"The user's e-mail address."`
}

// Run sets a password.
func (c *userPassword) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	password, err := readPassword(i.in, i.err, c.Email)
	if err != nil {
		return err
	}
	if _, err := admin.SetPassword(i.ctx, connect.NewRequest(&adminv1.SetPasswordRequest{Email: c.Email, Password: password})); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "The password of %s is set; the user's sessions have ended.\n", c.Email)
	return nil
}

type userReset struct {
	Email string `arg:"" help:"The user's e-mail address."`
}

// Run takes a user's second factors away.
func (c *userReset) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if _, err := admin.ResetSignIn(i.ctx, connect.NewRequest(&adminv1.ResetSignInRequest{Email: c.Email})); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "%s has neither an authenticator application nor passkeys any more; the password stays, the sessions have ended.\n", c.Email)
	return nil
}

type userSessions struct {
	List   sessionList   `cmd:"" default:"withargs" help:"List the sessions that go on."`
	Revoke sessionRevoke `cmd:"" help:"End a session."`
}

type sessionList struct {
	Email string `arg:"" optional:"" help:"A user's e-mail address (default: everybody's)."`
	listed
}

// Run lists sessions.
func (c *sessionList) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ListSessions(i.ctx, connect.NewRequest(&adminv1.ListSessionsRequest{Email: c.Email, Everyone: c.Email == "" && i.as == ""}))
	if err != nil {
		return err
	}
	return list(i, c.Format, answer.Msg.Sessions, "Nobody is signed in.",
		"id", "email", "how", "browser", "address", "created", "last_used", "expires")
}

type sessionRevoke struct {
	ID string `arg:"" help:"The session's id."`
}

// Run ends a session.
func (c *sessionRevoke) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if _, err := admin.RevokeSession(i.ctx, connect.NewRequest(&adminv1.RevokeSessionRequest{Id: c.ID})); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Session %s has ended.\n", c.ID)
	return nil
}
