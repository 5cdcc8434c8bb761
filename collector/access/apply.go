package access

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// MayApply refuses a change of the configuration that the viewer may not make, judged by what the sets mean. A
// configurator changes classification, schedules, and groups that limit nobody's view and override no settings;
// administrators change all, but nobody takes the last administrator away.
func MayApply(viewer collector.Viewer, before, after *config.Set) error {
	if err := Permit(viewer, setConfig); err != nil {
		return err
	}
	if admins := countAdmins(before); admins > 0 && countAdmins(after) == 0 {
		return collector.Refuse(collector.Conflict, "users", "the last administrator cannot be taken away")
	}
	if viewer.Role == collector.Admin {
		return nil
	}
	for _, part := range []struct {
		name          string
		before, after any
	}{
		{"collector.yaml", before.Collector, after.Collector},
		{"users", before.People.Users, after.People.Users},
		{"people", before.People.People, after.People.People},
		{"devices", before.People.Devices, after.People.Devices},
		{"do_not_track", before.People.DoNotTrack, after.People.DoNotTrack},
	} {
		if !same(part.before, part.after) {
			return only(part.name)
		}
	}
	account := *after.Account
	account.Schedules, account.Schedule = before.Account.Schedules, before.Account.Schedule
	if !same(before.Account, &account) {
		return only("account.yaml")
	}
	return mayGroups(before, after)
}

// MayEdit tells whether a viewer may change a key of account.yaml, as MayApply judges it.
func MayEdit(viewer collector.Viewer, key string) bool {
	schedules := key == "schedule" || key == "schedules" || strings.HasPrefix(key, "schedule.") || strings.HasPrefix(key, "schedules.")
	return Permit(viewer, setConfig) == nil && (viewer.Role == collector.Admin || schedules)
}

// MayEditGroup tells whether a viewer may change the members of a group, as MayApply judges it.
func MayEditGroup(viewer collector.Viewer, set *config.Set, group string) bool {
	return Permit(viewer, setConfig) == nil && (viewer.Role == collector.Admin || !reserved(set)[group])
}

const setConfig = adminv1connect.AdminServiceSetConfigProcedure

func only(what string) error {
	return collector.Refuse(collector.Denied, what, "only administrators change this")
}

func countAdmins(set *config.Set) (n int) {
	for _, user := range set.People.Users {
		if collector.Role(user.Role) == collector.Admin {
			n++
		}
	}
	return n
}

// same compares values, an empty list and none being the same at the top.
func same(a, b any) bool {
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	if x.Kind() == reflect.Slice && x.Len() == 0 && y.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a, b)
}

// mayGroups refuses a change of the members of a reserved group.
func mayGroups(before, after *config.Set) error {
	groups := reserved(before)
	maps.Copy(groups, reserved(after))
	old, now := membersOf(before.People), membersOf(after.People)
	for name := range groups {
		if !reflect.DeepEqual(old[name], now[name]) {
			return only("groups[" + name + "]")
		}
	}
	return nil
}

// reserved are the groups whose members administrators alone change: those that somebody's view is limited to, which a
// member would widen, and those of overrides, which set what is collected of a member.
func reserved(set *config.Set) map[string]bool {
	names := map[string]bool{}
	for _, user := range set.People.Users {
		for _, name := range user.ViewableGroups.Groups {
			names[name] = true
		}
	}
	for i := range set.Account.Overrides {
		for _, name := range set.Account.Overrides[i].Groups {
			names[name] = true
		}
	}
	return names
}

// membersOf gives each group's members, sorted and without case: the order in the file means nothing.
func membersOf(people *config.People) map[string][3][]string {
	groups := map[string][3][]string{}
	for _, g := range people.Groups {
		var members [3][]string
		for i, list := range [][]string{g.People, g.Logins, g.Devices} {
			unique := map[string]bool{}
			for _, name := range list {
				unique[strings.ToLower(name)] = true
			}
			members[i] = slices.Sorted(maps.Keys(unique))
		}
		groups[g.Name] = members
	}
	return groups
}
