package api

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/directory"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	// maxViews are shown at once; the archive of a person has them all.
	maxViews = 200
	// lookedBack is how many entries of the audit log are read for them.
	lookedBack = 50_000
)

// holding is what there is of one person beside reports, as far as the viewer sees it.
type holding struct {
	adminService
	ctx       context.Context
	person    collector.Person
	directory *directory.Directory
	scope     directory.Scope
	// owners are the person's logins on each device, by device.
	owners []collector.Owner
}

func (a adminService) holding(ctx context.Context, d *directory.Directory, scope directory.Scope, p collector.Person) *holding {
	h := &holding{adminService: a, ctx: ctx, person: p, directory: d, scope: scope}
	for _, owner := range d.Owners() {
		if owner.Device != "" && d.Person(owner).ID == p.ID && scope.Totals(owner) {
			h.owners = append(h.owners, owner)
		}
	}
	slices.SortFunc(h.owners, func(a, b collector.Owner) int {
		return cmp.Or(strings.Compare(a.Device, b.Device), strings.Compare(a.LoginKey, b.LoginKey))
	})
	return h
}

// ShowMyData gives what there is of the caller beside reports: of its person or, where an agent opened the session, of
// that login on that device.
func (a adminService) ShowMyData(ctx context.Context, _ *connect.Request[adminv1.ShowMyDataRequest]) (*connect.Response[adminv1.ShowMyDataResponse], error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ShowMyDataResponse{}
	viewer := viewerOf(ctx)
	p, err := d.FindPerson(scope.Self(), scope)
	if err != nil { // the caller is nobody who is measured
		return connect.NewResponse(answer), nil
	}
	h := a.holding(ctx, d, scope, p)
	if viewer.Owner == (collector.Owner{}) {
		answer.Person = person(d, scope, p, d.PersonGroups()[p.ID])
		answer.Person.Logins = h.loginNames()
	}
	if err := h.logins(gather(&answer.Logins)); err != nil {
		return nil, err
	}
	if err := h.settings(gather(&answer.Settings)); err != nil {
		return nil, err
	}
	if answer.Views, answer.MoreViews, err = h.newestViews(); err != nil {
		return nil, err
	}
	answer.Since, err = a.Reports.Since(ctx, viewer)
	return connect.NewResponse(answer), err
}

// gather appends rows to a list.
func gather[M proto.Message](list *[]M) func(proto.Message) error {
	return func(row proto.Message) error {
		*list = append(*list, row.(M))
		return nil
	}
}

// loginNames are those of the owners, as shown.
func (h *holding) loginNames() []string {
	var names []string
	for _, owner := range h.owners {
		names = append(names, h.directory.LoginName(owner))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (h *holding) logins(row func(proto.Message) error) error {
	for _, owner := range h.owners {
		err := row(&adminv1.LoginRow{Login: h.directory.LoginName(owner), Device: owner.Device, DeviceName: h.directory.DeviceName(owner.Device)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *holding) settings(row func(proto.Message) error) error {
	for _, owner := range h.owners {
		login := h.directory.LoginName(owner)
		answer, err := h.ShowConfig(h.ctx, connect.NewRequest(&adminv1.ShowConfigRequest{Device: owner.Device, Login: login}))
		if err != nil {
			return err
		}
		for _, v := range answer.Msg.Values {
			if err := row(&adminv1.PersonSetting{Device: owner.Device, Login: login, Key: v.Key, Value: v.Value, Source: v.Source}); err != nil {
				return err
			}
		}
	}
	return nil
}

// device is the only one that the viewer is told of looks at, where an agent opened its session: what a device calls a
// login may be another's name, and that one's looks are not for it. Empty is any.
func (h *holding) device() string { return viewerOf(h.ctx).Owner.Device }

// devices are those that the owners are on.
func (h *holding) devices() []string {
	devices := []string{}
	for _, owner := range h.owners {
		devices = append(devices, owner.Device)
	}
	return slices.Compact(devices) // owners are sorted by device
}

// views are the entries of the audit log that tell of looks at the person.
func (h *holding) views(row func(proto.Message) error) error {
	return h.eachEntry(h.ctx, 0, func(e *collector.AuditEntry) (bool, error) {
		shown, err := viewOf(h.person.ID, h.device(), e)
		if shown == nil || err != nil {
			return err == nil, err
		}
		return true, row(shown)
	})
}

// newestViews are the newest of these, newest first; more tells that older ones were left out.
func (h *holding) newestViews() (views []*adminv1.AuditEntry, more bool, err error) {
	read := 0
	err = h.eachEntryBack(h.ctx, 0, func(e *collector.AuditEntry) (bool, error) {
		shown, err := viewOf(h.person.ID, h.device(), e)
		if err != nil {
			return false, err
		}
		read++
		more = shown != nil && len(views) == maxViews || read > lookedBack
		if shown != nil && !more {
			views = append(views, shown)
		}
		return !more, nil
	})
	return views, more, err
}

// viewOf is an entry as the person who was looked at is told of it, nil where it tells of something else: who looked, when
// and at which days. With a device it is told of looks at what is of that device alone. Whom else the look was at, what it
// was narrowed to, and how much else the log holds is not told.
func viewOf(person, device string, e *collector.AuditEntry) (*adminv1.AuditEntry, error) {
	if e.Action != "activity.view" && e.Action != "person.export" || !about(e, person) {
		return nil, nil
	}
	var detail map[string]any
	if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil {
		return nil, err
	}
	if at, _ := detail["devices"].([]any); device != "" && !slices.Contains(at, any(device)) {
		return nil, nil
	}
	maps.DeleteFunc(detail, func(key string, _ any) bool {
		return !slices.Contains([]string{"report", "from", "to", "complete"}, key)
	})
	text, err := json.Marshal(detail)
	return &adminv1.AuditEntry{At: instant(e.At), Actor: e.Actor, Action: e.Action, Subject: person, Detail: string(text)}, err
}
