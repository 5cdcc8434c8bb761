package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// names of the people that a client is told of.
func names(t *testing.T, client adminv1connect.AdminServiceClient) string {
	t.Helper()
	answer, err := client.ListPeople(t.Context(), connect.NewRequest(&adminv1.ListPeopleRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, p := range answer.Msg.People {
		list = append(list, fmt.Sprintf("%s%s%s", p.Name, p.Logins, p.Groups))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestPeopleWithinScope(t *testing.T) {
	o := openOffice(t)
	whole := `Ana[CORP\ana][Support] CORP\bob[CORP\bob][] CORP\eve[CORP\eve][Secret]`
	for client, want := range map[adminv1connect.AdminServiceClient]string{
		o.as(ada): whole, o.asBySocket(""): whole, o.as(cleo): `Ana[][Support] CORP\bob[][] CORP\eve[][Secret]`,
		o.as(mia): "Ana[][Support]", o.as(vic): "Ana[][Support]", o.asBySocket(mia): "Ana[][Support]",
	} {
		if got := names(t, client); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	who, err := o.as(mia).WhoAmI(t.Context(), connect.NewRequest(&adminv1.WhoAmIRequest{}))
	o.check(err)
	if m := who.Msg; m.User != mia || m.Role != "manager" || m.Everyone || m.Person != "" || m.ReadOnly || !slices.Equal(m.ViewableGroups, []string{"Support"}) {
		t.Errorf("%v", m)
	}
}

func TestSetPerson(t *testing.T) {
	o := openOffice(t)
	client := o.as(ada)
	set := func(m *adminv1.SetPersonRequest) (*adminv1.Person, error) {
		answer, err := client.SetPerson(t.Context(), connect.NewRequest(m))
		if err != nil {
			return nil, err
		}
		return answer.Msg.Person, nil
	}
	_, err := set(&adminv1.SetPersonRequest{Person: "bob", Name: new("ana")})
	if connect.CodeOf(err) != connect.CodeAborted || !strings.Contains(err.Error(), o.people["ana"]) {
		t.Errorf("a name that is taken: %v", err)
	}
	merged, err := set(&adminv1.SetPersonRequest{Person: "bob", Name: new("ana"), Merge: true})
	o.check(err)
	if merged.Id != o.people["ana"] || !slices.Equal(merged.Logins, []string{`CORP\ana`, `CORP\bob`}) || !slices.Equal(merged.Groups, []string{"Support"}) {
		t.Errorf("%v", merged)
	}
	if got := names(t, o.as(mia)); got != "Ana[][Support]" {
		t.Error(got)
	}
	_, err = set(&adminv1.SetPersonRequest{Person: "Ana", RemoveLogins: []string{`CORP\bob`}})
	o.check(err)
	if got, want := names(t, client), `Ana[CORP\ana][Support] CORP\bob[CORP\bob][] CORP\eve[CORP\eve][Secret]`; got != want {
		t.Errorf("after taking it back: %s", got)
	}
	if _, err := set(&adminv1.SetPersonRequest{Person: "nobody"}); connect.CodeOf(err) != connect.CodeNotFound {
		t.Error(err)
	}
	if _, err := set(&adminv1.SetPersonRequest{Person: "bob", Email: new("no address")}); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Error(err)
	}
}

func TestUsers(t *testing.T) {
	o := openOffice(t)
	client, max := o.as(ada), "max@example.com"
	set := func(m *adminv1.SetUserRequest) (*adminv1.User, error) {
		answer, err := client.SetUser(t.Context(), connect.NewRequest(m))
		if err != nil {
			return nil, err
		}
		return answer.Msg.User, nil
	}
	for _, bad := range []*adminv1.SetUserRequest{
		{Email: max}, {Role: "admin"}, {Email: "no address", Role: "admin"}, {Email: max, Role: "boss"},
		{Email: max, Role: "manager", ViewableGroups: []string{"Nowhere"}, SetViewable: true}, {Email: ada, Role: "viewer"},
	} {
		if _, err := set(bad); connect.CodeOf(err) != connect.CodeInvalidArgument {
			t.Errorf("%v: %v", bad, err)
		}
	}
	user, err := set(&adminv1.SetUserRequest{Email: max, Role: "manager", ViewableGroups: []string{"Support", "Secret"}, SetViewable: true})
	if err != nil || user.Role != "manager" || len(user.ViewableGroups) != 2 || user.HasPassword {
		t.Errorf("%v, %v", user, err)
	}
	maxs := o.as(max)
	who := func() (*adminv1.WhoAmIResponse, error) {
		answer, err := maxs.WhoAmI(t.Context(), connect.NewRequest(&adminv1.WhoAmIRequest{}))
		if err != nil {
			return nil, err
		}
		return answer.Msg, nil
	}
	for _, c := range []struct {
		change *adminv1.SetUserRequest
		want   string
	}{
		{&adminv1.SetUserRequest{Email: max, Everyone: true, SetViewable: true}, "true []"},
		{&adminv1.SetUserRequest{Email: "MAX@example.com", SetViewable: true}, "false []"},
	} {
		_, err := set(c.change)
		o.check(err)
		me, err := who()
		o.check(err)
		if got := fmt.Sprint(me.Everyone, me.ViewableGroups); got != c.want {
			t.Errorf("%v: %s", c.change, got)
		}
	}
	_, err = set(&adminv1.SetUserRequest{Email: max, Role: "viewer"})
	o.check(err)
	if _, err := who(); connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("the token of another role: %v", err)
	}
	_, err = client.RemoveUser(t.Context(), connect.NewRequest(&adminv1.RemoveUserRequest{Email: max}))
	o.check(err)
	_, err = client.RemoveUser(t.Context(), connect.NewRequest(&adminv1.RemoveUserRequest{Email: max}))
	if connect.CodeOf(err) != connect.CodeNotFound {
		t.Error(err)
	}
	_, err = client.RemoveUser(t.Context(), connect.NewRequest(&adminv1.RemoveUserRequest{Email: ada}))
	if err == nil {
		t.Error("the last administrator is gone")
	}
	listed, err := client.ListUsers(t.Context(), connect.NewRequest(&adminv1.ListUsersRequest{}))
	if err != nil || len(listed.Msg.Users) != 4 {
		t.Errorf("%v, %v", listed, err)
	}
}
