package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/directory"
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

// subject gives a device as settings are resolved for it, with the login that is asked for. A login that only one device
// can have needs no device.
func (a adminService) subject(ctx context.Context, device, login string) (*settings.Subject, error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	logins, err := a.Registry.Logins(ctx)
	if err != nil {
		return nil, err
	}
	if device == "" {
		of := slices.DeleteFunc(slices.Clone(logins), func(l collector.Login) bool { return l.Device == "" || !strings.EqualFold(l.Name, login) })
		if len(of) != 1 {
			return nil, collector.Refuse(collector.BadRequest, "device", "say on which device")
		}
		device = of[0].Device
	}
	id, err := d.FindDevice(device, scope)
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
	for _, l := range logins {
		if (l.Device == "" || l.Device == id) && isCalled(d, subject, l, login) {
			subject.Logins = []settings.SubjectLogin{{Login: subjectLogin(d, id, l), Person: l.Person}}
			return &subject, nil
		}
	}
	return nil, collector.Refuse(collector.NotFound, "login", "there is no login %q", login)
}

// subjectLogin is a login as a device tells of it.
func subjectLogin(d *directory.Directory, device string, l collector.Login) stream.Login {
	end := strings.LastIndexByte(l.Key, '\\')
	login := stream.Login{Account: l.Key[end+1:], Name: d.LoginName(collector.Owner{Device: device, LoginKey: l.Key})}
	if l.Device == "" {
		login.Authority = l.Key[:max(end, 0)]
	}
	return login
}

func isCalled(d *directory.Directory, subject settings.Subject, l collector.Login, word string) bool {
	login := subjectLogin(d, subject.ID, l)
	names := []string{login.Name}
	if l.Device != "" {
		names = append(names, subject.ID+`\`+login.Account)
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, word) })
}

// SetConfig sets or takes out one value. How the collector itself runs is for those who could edit the file anyway.
func (a adminService) SetConfig(ctx context.Context, req *connect.Request[adminv1.SetConfigRequest]) (*connect.Response[adminv1.SetConfigResponse], error) {
	edit := config.Edit{File: req.Msg.File, Key: req.Msg.Key, Value: req.Msg.Value, Unset: req.Msg.Unset}
	if edit.File == "" {
		file, err := config.FileOf(edit.Key)
		if err != nil {
			return nil, err
		}
		edit.File = file
	}
	if edit.File == config.CollectorFile && viewerOf(ctx).User != LocalAdministrator {
		return nil, collector.Refuse(collector.Denied, "", "%s is edited on the collector's own machine", config.CollectorFile)
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
	for _, p := range problems {
		answer.Warnings = append(answer.Warnings, p.String())
	}
	return connect.NewResponse(answer), nil
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
	all, err := config.History(ctx, a.Registry, req.Msg.File, limit)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	answer := &adminv1.ConfigHistoryResponse{}
	for _, c := range all {
		if viewerOf(ctx).Role != collector.Admin && !forConfigurators(c.Change) {
			continue
		}
		answer.Changes = append(answer.Changes, &adminv1.ConfigChange{
			At: instant(c.At), Actor: c.Actor, File: c.File, Key: c.Key, Old: c.Old, New: c.New,
		})
	}
	return connect.NewResponse(answer), nil
}

func forConfigurators(c config.Change) bool {
	switch c.File {
	case config.AccountFile, config.ClassificationFile:
		return true
	case config.PeopleFile:
		return strings.HasPrefix(c.Key, "groups[")
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
