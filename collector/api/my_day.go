package api

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Days gives codes that let people in without an account.
type Days interface {
	// OpenDay gives a code, good once and for two minutes, for a session that sees what is of one owner and nothing
	// else. shown is what the session's user is called.
	OpenDay(ctx context.Context, owner collector.Owner, shown string) (code string, err error)
}

// MyDay gives the address where a login of the calling device sees its own day. NotFound for a login that the device has
// sent nothing of: what others did is not for it to open.
func (a *Agents) MyDay(ctx context.Context, req *connect.Request[agentv1.MyDayRequest]) (*connect.Response[agentv1.MyDayResponse], error) {
	m := req.Msg
	if err := checkProtocol(m.Protocol); err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	switch {
	case caller.device == nil:
		return nil, collector.Refuse(collector.SignedOut, "authorization", "sign in first")
	case caller.replaced:
		return nil, collector.Refuse(collector.Conflict, "", "this device gets a new key first; ask again in a minute")
	}
	if err := checkLogin("login", m.Login); err != nil {
		return nil, err
	}
	device := caller.device.snapshot()
	login := stream.Login{Authority: m.Login.Authority, Account: m.Login.Account}
	owner := collector.Owner{Device: device.ID, LoginKey: collector.LoginKey(device.ID, login)}
	if err := a.openedBy.admit(device.ID); err != nil {
		return nil, err
	}
	if err := a.openedFor.admit(device.ID + " " + owner.LoginKey); err != nil {
		return nil, err
	}
	page := a.webURL()
	if !caller.here && onThisComputer(page) {
		return nil, collector.Refuse(collector.Conflict, "",
			"its pages are for browsers on its own computer only; its administrator sets listen.web and web_url to change that")
	}
	who, err := a.seen(ctx, owner)
	if err != nil {
		return nil, err
	}
	code, err := a.days.OpenDay(ctx, owner, who.Name+" on "+device.Name)
	if err != nil {
		return nil, err
	}
	detail, err := json.Marshal(map[string]string{"device": device.ID})
	if err != nil {
		return nil, err
	}
	defer a.heads.forget()
	if err := a.registry.Audit(ctx, collector.AuditEntry{
		At: a.now(), Actor: "device " + device.ID, Action: "my_day.open", Subject: who.Person, Detail: string(detail),
	}); err != nil {
		return nil, err
	}
	return connect.NewResponse(&agentv1.MyDayResponse{Url: page + "/my-day#code=" + code}), nil
}

// opens refuses the day of a login whose device was revoked, or of which there is nothing any more.
func (a *Agents) opens(ctx context.Context, owner collector.Owner) error {
	if device := a.devices.find(owner.Device); device == nil || !device.snapshot().RevokedAt.IsZero() {
		return errRevoked
	}
	_, err := a.seen(ctx, owner)
	return err
}

// seen gives a login that episodes have come of from a device, called as that device calls it.
func (a *Agents) seen(ctx context.Context, owner collector.Owner) (login collector.Login, err error) {
	names, err := a.registry.LoginNames(ctx)
	if err != nil {
		return login, err
	}
	logins, err := a.registry.Logins(ctx)
	if err != nil {
		return login, err
	}
	name, named := names[owner]
	for _, login := range logins {
		if login.Key != owner.LoginKey {
			continue
		}
		if named {
			login.Name = name
		}
		if named || login.Device == owner.Device {
			return login, nil
		}
	}
	return login, collector.Refuse(collector.NotFound, "login", "this device has sent nothing of this login")
}

// onThisComputer tells whether an address leads nobody to the collector but who is on the same computer.
func onThisComputer(address string) bool {
	page, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(page.Hostname())
	return page.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
