package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

// ShowConfig gives the settings in force with where each comes from.
func (a adminService) ShowConfig(ctx context.Context, req *connect.Request[adminv1.ShowConfigRequest]) (*connect.Response[adminv1.ShowConfigResponse], error) {
	set := a.Config()
	values := set.Show()
	if req.Msg.Device != "" || req.Msg.Login != "" {
		subject, err := a.subject(ctx, req.Msg.Device, req.Msg.Login)
		if err != nil {
			return nil, err
		}
		why, err := settings.Explain(set.Account, set.Facts, subject, nil)
		if err != nil {
			return nil, err
		}
		login := ""
		if len(subject.Logins) > 0 {
			login = settings.LoginKey(subject.Logins[0].Login)
		}
		values = set.ShowDevice(why, login)
	}
	answer := &adminv1.ShowConfigResponse{}
	for _, v := range values {
		answer.Values = append(answer.Values, &adminv1.ConfigValue{Key: v.Key, Value: v.Value, Source: v.Source})
	}
	return connect.NewResponse(answer), nil
}

// subject gives a device as settings are resolved for it, with the login that is asked for; it need not have been seen. A
// login with a device's name in front needs no device beside it.
func (a adminService) subject(ctx context.Context, device, login string) (*settings.Subject, error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	domain, account, whole := strings.Cut(login, `\`)
	if login != "" && (!whole || domain == "" || account == "") {
		return nil, collector.Refuse(collector.BadRequest, "login", `%q is not a login such as CORP\ana`, login)
	}
	id, err := d.FindDevice(cmp.Or(device, domain), scope)
	if err != nil && device == "" {
		return nil, collector.Refuse(collector.BadRequest, "device", "say on which device")
	}
	if err != nil {
		return nil, err
	}
	one := a.Agents.devices.find(id)
	if one == nil {
		return nil, collector.Refuse(collector.NotFound, "device", "there is no such device")
	}
	subject := a.Agents.devices.subject(one.snapshot())
	if login == "" {
		return &subject, nil
	}
	found := settings.SubjectLogin{Login: stream.Login{Account: account, Name: login}}
	if !strings.EqualFold(domain, id) && !strings.EqualFold(domain, one.snapshot().Name) {
		found.Authority = domain
	}
	logins, err := a.Registry.Logins(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range logins {
		name := d.LoginName(collector.Owner{Device: id, LoginKey: l.Key})
		if l.Device == "" && found.Authority != "" && strings.EqualFold(name, login) || l.Device == id && strings.EqualFold(l.Key, id+`\`+account) {
			found.Person = l.Person
		}
	}
	subject.Logins = []settings.SubjectLogin{found}
	return &subject, nil
}

// SetConfig sets or takes out one value.
func (a adminService) SetConfig(ctx context.Context, req *connect.Request[adminv1.SetConfigRequest]) (*connect.Response[adminv1.SetConfigResponse], error) {
	edit := config.Edit{File: req.Msg.File, Key: req.Msg.Key, Value: req.Msg.Value, Unset: req.Msg.Unset}
	if edit.File == "" {
		file, err := config.FileOf(edit.Key)
		if err != nil {
			return nil, err
		}
		edit.File = file
	}
	if err := mayName(viewerOf(ctx), edit.File, edit.Key); err != nil {
		return nil, err
	}
	before := a.Config()
	changes, problems, err := a.Editor.Apply(ctx, viewerOf(ctx), []config.Edit{edit})
	if err != nil {
		return nil, err
	}
	answer := &adminv1.SetConfigResponse{Old: before.Value(edit.File, edit.Key), New: a.Config().Value(edit.File, edit.Key)}
	if slices.ContainsFunc(changes, config.Change.Secret) {
		answer.Old, answer.New = "", config.Changed
	}
	answer.Warnings = warnings(problems)
	return connect.NewResponse(answer), nil
}

// mayName refuses to edit a key by whoever may not know of it: an edit that changes nothing would tell what is there. How the
// collector itself runs is for those who could edit the file anyway.
func mayName(viewer collector.Viewer, file, key string) error {
	if file == config.CollectorFile && viewer.User != collector.LocalAdministrator {
		return collector.Refuse(collector.Denied, "", "%s is edited on the collector's own machine", file)
	}
	if viewer.Role != collector.Admin && !forConfigurators(file, key) {
		return collector.Refuse(collector.Denied, "key", "only administrators change this")
	}
	return nil
}

// maxEdits of one call.
const maxEdits = 500

// EditConfig makes edits of one file, all or none, unless somebody else changed meanwhile what they mean.
func (a adminService) EditConfig(ctx context.Context, req *connect.Request[adminv1.EditConfigRequest]) (*connect.Response[adminv1.EditConfigResponse], error) {
	m, viewer := req.Msg, viewerOf(ctx)
	file := cmp.Or(m.File, config.AccountFile)
	if len(m.Edits) == 0 || len(m.Edits) > maxEdits {
		return nil, collector.Refuse(collector.BadRequest, "edits", "there are %d; there must be 1 to %d", len(m.Edits), maxEdits)
	}
	if !slices.Contains(config.Files, file) {
		return nil, collector.Refuse(collector.BadRequest, "file", "there is no configuration file %q", file)
	}
	var edits []config.Edit
	for _, edit := range m.Edits {
		if err := mayName(viewer, file, edit.GetKey()); err != nil {
			return nil, err
		}
		if file == config.AccountFile && !access.MayEdit(viewer, edit.GetKey()) {
			return nil, collector.Refuse(collector.Denied, edit.GetKey(), "only administrators change this")
		}
		edits = append(edits, config.Edit{Key: edit.GetKey(), Value: edit.GetValue(), Unset: edit.GetUnset()})
	}
	done, err := a.Editor.Amend(ctx, viewer, file, m.Revision, edits)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.EditConfigResponse{
		Changes: a.changes(ctx, done.Changes), Warnings: warnings(done.Warnings), Revision: done.Revision,
	}
	for _, c := range done.Conflicts {
		answer.Conflicts = append(answer.Conflicts, &adminv1.ConfigConflict{
			Key: c.Key, Before: c.Before, Theirs: c.Theirs, Yours: c.Yours, Changed: instant(c.At), ChangedBy: c.Actor,
		})
	}
	return connect.NewResponse(answer), nil
}

// changes are what the caller has just made.
func (a adminService) changes(ctx context.Context, made []config.Change) (shown []*adminv1.ConfigChange) {
	for _, c := range made {
		shown = append(shown, configChange(config.Revised{Change: c, At: a.Now(), Actor: viewerOf(ctx).Actor()}))
	}
	return shown
}

func warnings(problems []config.Problem) (texts []string) {
	for _, p := range problems {
		texts = append(texts, p.String())
	}
	return texts
}

func configChange(c config.Revised) *adminv1.ConfigChange {
	return &adminv1.ConfigChange{At: instant(c.At), Actor: c.Actor, File: c.File, Key: c.Key, Old: c.Old, New: c.New}
}

const (
	usualChanges = 100
	mostChanges  = 10_000
)

// ConfigHistory lists changes of the files, newest first. Whoever is no administrator sees those of what such a person may
// change.
func (a adminService) ConfigHistory(ctx context.Context, req *connect.Request[adminv1.ConfigHistoryRequest]) (*connect.Response[adminv1.ConfigHistoryResponse], error) {
	limit := int(req.Msg.Limit)
	if limit < 0 || limit > mostChanges {
		return nil, collector.Refuse(collector.BadRequest, "limit", "it must be within 0 and %d", mostChanges)
	}
	if limit == 0 {
		limit = usualChanges
	}
	if file := req.Msg.File; file != "" && !slices.Contains(config.Files, file) {
		return nil, collector.Refuse(collector.BadRequest, "file", "there is no configuration file %q; there are %s", file, strings.Join(config.Files, ", "))
	}
	all, err := config.History(ctx, a.Registry, req.Msg.File, func(c config.Change) bool {
		return viewerOf(ctx).Role == collector.Admin || forConfigurators(c.File, c.Key)
	}, limit)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	answer := &adminv1.ConfigHistoryResponse{}
	for _, c := range all {
		answer.Changes = append(answer.Changes, configChange(c))
	}
	return connect.NewResponse(answer), nil
}

// forConfigurators tells whether configurators see a key of a file.
func forConfigurators(file, key string) bool {
	switch file {
	case config.AccountFile, config.ClassificationFile:
		return true
	case config.PeopleFile:
		return key == "groups" || strings.HasPrefix(key, "groups[")
	}
	return false
}

// CheckConfig says what would be wrong with files in place of those in force.
func (a adminService) CheckConfig(ctx context.Context, req *connect.Request[adminv1.CheckConfigRequest]) (*connect.Response[adminv1.CheckConfigResponse], error) {
	content := map[string][]byte{}
	for _, file := range req.Msg.Files {
		if !slices.Contains(config.Files, file.Name) {
			return nil, collector.Refuse(collector.BadRequest, "files", "there is no configuration file %q", file.Name)
		}
		content[file.Name] = []byte(file.Text)
	}
	answer := &adminv1.CheckConfigResponse{}
	for _, p := range a.Editor.Check(ctx, content) {
		answer.Problems = append(answer.Problems, &adminv1.ConfigProblem{
			File: p.File, Line: int32(p.Line), Key: p.Key, Reason: p.Reason, Warning: p.Warning,
		})
	}
	return connect.NewResponse(answer), nil
}
