package api

import (
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// Every call of the contract, as everybody who may not make it: refused before anything happens.
func TestEveryDoorIsHeld(t *testing.T) {
	o := openOffice(t)
	viewers := map[string]collector.Viewer{"": {}}
	for _, user := range o.set.Load().People.Users {
		for _, write := range []bool{false, true} {
			viewers[o.token(user.Email, write)] = collector.Viewer{Role: collector.Role(user.Role), ReadOnly: !write}
		}
	}
	before := o.state()
	methods := adminv1.File_dayline_admin_v1_admin_proto.Services().ByName("AdminService").Methods()
	refused := 0
	for i := range methods.Len() {
		procedure := "/" + adminv1connect.AdminServiceName + "/" + string(methods.Get(i).Name())
		for token, viewer := range viewers {
			if access.Permit(viewer, procedure) == nil {
				continue
			}
			client := connect.NewClient[emptypb.Empty, emptypb.Empty](&http.Client{Transport: bearer{"Authorization": token}}, o.web.URL+procedure)
			if token != "" {
				client = connect.NewClient[emptypb.Empty, emptypb.Empty](&http.Client{Transport: bearer{"Authorization": "Bearer " + token}}, o.web.URL+procedure)
			}
			err := call(t, client, methods.Get(i).IsStreamingServer())
			want := connect.CodePermissionDenied
			if token == "" {
				want = connect.CodeUnauthenticated
			}
			if connect.CodeOf(err) != want {
				t.Errorf("%s as %+v: %v", procedure, viewer, err)
			}
			refused++
		}
	}
	if refused < methods.Len() || o.state() != before {
		t.Errorf("%d calls were refused, and something changed: %t", refused, o.state() != before)
	}
}

func call(t *testing.T, client *connect.Client[emptypb.Empty, emptypb.Empty], streaming bool) error {
	t.Helper()
	if !streaming {
		_, err := client.CallUnary(t.Context(), connect.NewRequest(&emptypb.Empty{}))
		return err
	}
	answer, err := client.CallServerStream(t.Context(), connect.NewRequest(&emptypb.Empty{}))
	if err != nil {
		return err
	}
	defer answer.Close()
	for answer.Receive() {
	}
	return answer.Err()
}

// What a manager of one group and a configurator try, to see more than they do: nothing of it changes anything.
func TestNobodyWidensItsView(t *testing.T) {
	o := openOffice(t)
	ctx := t.Context()
	set := func(key, value string) *connect.Request[adminv1.SetConfigRequest] {
		return connect.NewRequest(&adminv1.SetConfigRequest{Key: key, Value: value})
	}
	type client = adminv1connect.AdminServiceClient
	tries := map[string]func(client) error{
		"their own role": func(c client) error {
			_, err := c.SetUser(ctx, connect.NewRequest(&adminv1.SetUserRequest{Email: mia, Role: "admin"}))
			return err
		},
		"their own groups": func(c client) error {
			_, err := c.SetUser(ctx, connect.NewRequest(&adminv1.SetUserRequest{Email: mia, Everyone: true, SetViewable: true}))
			return err
		},
		"a user of theirs": func(c client) error {
			_, err := c.SetUser(ctx, connect.NewRequest(&adminv1.SetUserRequest{Email: "x@example.com", Role: "admin"}))
			return err
		},
		"nobody to forbid it": func(c client) error {
			_, err := c.RemoveUser(ctx, connect.NewRequest(&adminv1.RemoveUserRequest{Email: ada}))
			return err
		},
		"another's password": func(c client) error {
			_, err := c.SetPassword(ctx, connect.NewRequest(&adminv1.SetPasswordRequest{Email: ada, Password: password}))
			return err
		},
		"another's token": func(c client) error {
			_, err := c.CreateToken(ctx, connect.NewRequest(&adminv1.CreateTokenRequest{Email: ada, Write: true}))
			return err
		},
		"another's login": func(c client) error {
			_, err := c.SetPerson(ctx, connect.NewRequest(&adminv1.SetPersonRequest{Person: o.people["ana"], AddLogins: []string{`CORP\eve`}}))
			return err
		},
		"another's e-mail": func(c client) error {
			_, err := c.SetPerson(ctx, connect.NewRequest(&adminv1.SetPersonRequest{Person: o.people["eve"], Email: new(mia)}))
			return err
		},
		"the role by the file": func(c client) error {
			_, err := c.SetConfig(ctx, set("users[mia@example.com].role", "admin"))
			return err
		},
		"the groups by the file": func(c client) error {
			_, err := c.SetConfig(ctx, set("users[mia@example.com].viewable_groups", "all"))
			return err
		},
		"a member of their group": func(c client) error {
			_, err := c.SetConfig(ctx, set("groups[Support].people["+o.people["eve"]+"]", ""))
			return err
		},
		"a login in their group": func(c client) error {
			_, err := c.SetConfig(ctx, set(`groups[Support].logins`, `['CORP\eve']`))
			return err
		},
		"a device in their group": func(c client) error { _, err := c.SetConfig(ctx, set("groups[Support].devices", "[d-1]")); return err },
		"a login by the file": func(c client) error {
			_, err := c.SetConfig(ctx, set("people["+o.people["ana"]+`].logins`, `['CORP\eve']`))
			return err
		},
		"an e-mail by the file": func(c client) error {
			_, err := c.SetConfig(ctx, set("people["+o.people["ana"]+"].email", cleo))
			return err
		},
		"a role that they guess": func(c client) error {
			_, err := c.SetConfig(ctx, set("users[ada@example.com].role", "admin"))
			return err
		},
		"whether there is a user":   func(c client) error { _, err := c.SetConfig(ctx, set("users[99].role", "admin")); return err },
		"smaller totals":            func(c client) error { _, err := c.SetConfig(ctx, set("privacy.min_people", "1")); return err },
		"more of what is collected": func(c client) error { _, err := c.SetConfig(ctx, set("privacy.urls", "full")); return err },
	}
	doors := map[string]client{
		"manager": o.as(mia), "configurator": o.as(cleo), "viewer": o.as(vic),
		"manager by command": o.asBySocket(mia), "configurator by command": o.asBySocket(cleo),
	}
	before := o.state()
	for who, door := range doors {
		for what, try := range tries {
			if err := try(door); connect.CodeOf(err) != connect.CodePermissionDenied {
				t.Errorf("%s: %s: %v", who, what, err)
			}
			if now := o.state(); now != before {
				t.Fatalf("%s: %s: something changed", who, what)
			}
		}
	}
	// What a configurator may not know of takes no place among what it may.
	before = o.state()
	if _, err := o.as(ada).SetConfig(ctx, set("users[vic@example.com].viewable_groups", "all")); err != nil || o.state() == before {
		t.Fatal(err)
	}
	told, err := doors["configurator"].ConfigHistory(ctx, connect.NewRequest(&adminv1.ConfigHistoryRequest{Limit: 1}))
	if err != nil || len(told.Msg.Changes) != 1 {
		t.Errorf("%v, %v", told, err)
	}
	// What a configurator may do is done, by its name.
	if _, err := doors["configurator"].SetConfig(ctx, set("groups[Secret].people["+o.people["bob"]+"]", "")); err != nil {
		t.Error(err)
	}
	if _, err := doors["configurator by command"].SetConfig(ctx, set("schedules.night", `{mon: ["20:00-22:00"]}`)); err != nil {
		t.Error(err)
	}
	if state := o.state(); !strings.Contains(state, cleo+" config.apply") || !strings.Contains(state, cleo+" (by administrator (local)) config.apply") {
		t.Errorf("who did it is not written down:\n%s", state)
	}
}
