package api

import (
	"context"
	"fmt"
	"slices"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/address"
	"github.com/dayline-project/dayline/collector/classify"
	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// ListPending lists what has no status from an administrator, by time spent; of the last 30 days where none are named.
func (a adminService) ListPending(ctx context.Context, req *connect.Request[adminv1.ReportRequest]) (*connect.Response[adminv1.PendingReport], error) {
	ask := req.Msg
	if ask.From == "" && ask.To == "" && ask.Range == "" {
		ask.Range = "last_30_days"
	}
	sums, err := a.Reports.Pending(ctx, viewerOf(ctx), ask)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.PendingReport{}
	for _, one := range classify.ListPending(sums) {
		answer.Rows = append(answer.Rows, &adminv1.PendingRow{
			App: one.App, Site: one.Site, Product: one.Product, Bundle: one.Bundle, TotalSeconds: one.For.Seconds(),
			People: int32(one.People), Category: one.Category,
		})
	}
	return connect.NewResponse(answer), nil
}

// Classify sets rules of classification.yaml, one for each subject, all or none; or says what that would change.
func (a adminService) Classify(ctx context.Context, req *connect.Request[adminv1.ClassifyRequest]) (*connect.Response[adminv1.ClassifyResponse], error) {
	changes, field, err := changesOf(req.Msg)
	if err != nil {
		return nil, err
	}
	outcome, err := classify.Apply(a.Config(), changes, req.Msg.Replace, field)
	if err != nil {
		return nil, err
	}
	if !req.Msg.CheckOnly {
		if err := a.edit(ctx, outcome.Edits); err != nil {
			return nil, err
		}
	}
	answer := &adminv1.ClassifyResponse{Added: int32(outcome.Added), Changed: int32(outcome.Changed), Removed: int32(outcome.Removed)}
	for _, one := range outcome.Differences {
		answer.Changes = append(answer.Changes, &adminv1.RuleChange{
			Rule: &adminv1.Rule{
				App: one.App, Site: one.Site, Url: one.URL, Status: one.Now.Status, Category: one.Now.Category, Group: one.Group,
			},
			OldStatus: one.Was.Status, OldCategory: one.Was.Category,
		})
	}
	return connect.NewResponse(answer), nil
}

// changesOf reads a request: rules, or a CSV file of them.
func changesOf(m *adminv1.ClassifyRequest) (changes []classify.Change, field string, err error) {
	switch {
	case m.Csv != "" && len(m.Rules) > 0:
		return nil, "", collector.Refuse(collector.BadRequest, "csv", "rules or a CSV file are given, not both")
	case m.Csv != "":
		changes, err = classify.ReadCSV(m.Csv)
		return changes, "csv", err
	case m.Replace:
		return nil, "", collector.Refuse(collector.BadRequest, "replace", "it takes a CSV file of all the rules there are to be")
	}
	for i, rule := range m.Rules {
		changes = append(changes, classify.Change{
			Subject: classify.Subject{App: rule.GetApp(), Site: rule.GetSite(), URL: rule.GetUrl()},
			Status:  rule.GetStatus(), Category: rule.GetCategory(), Group: rule.GetGroup(), Place: fmt.Sprintf("rules[%d]", i),
		})
	}
	return changes, "rules", nil
}

// ExplainClass says what a subject counts as, for a person on a device where these are named, and why.
func (a adminService) ExplainClass(ctx context.Context, req *connect.Request[adminv1.ExplainClassRequest]) (*connect.Response[adminv1.ExplainClassResponse], error) {
	m := req.Msg
	if m.App == "" && m.Bundle == "" && m.Site == "" && m.Url == "" {
		return nil, collector.Refuse(collector.BadRequest, "app", "give an application, a site or an address")
	}
	subject := collector.Subject{App: m.App, Bundle: m.Bundle, Site: m.Site, URL: m.Url}
	if m.Url != "" {
		host, _, ok := address.Parse(m.Url)
		if !ok || m.Site != "" && address.Host(m.Site) != host {
			return nil, collector.Refuse(collector.BadRequest, "url", "%q is not an http or https address on the site", m.Url)
		}
		subject.Site = host
	}
	inGroup, caseless, err := a.whose(ctx, m.Person, m.Device)
	if err != nil {
		return nil, err
	}
	set := a.Config()
	told := classify.New(set.Classification).Explain(subject, inGroup, caseless, func(key string) int {
		return set.Line(config.ClassificationFile, key)
	})
	return connect.NewResponse(&adminv1.ExplainClassResponse{
		Status: told.Class.Status.String(), Category: told.Class.Category,
		StatusSource: told.StatusSource, CategorySource: told.CategorySource, Steps: told.Steps,
	}), nil
}

// whose finds the groups that count for a person on a device, and whether applications are compared without case there.
// Without a device they are, as on most; without a person only the device's own groups count.
func (a adminService) whose(ctx context.Context, personWord, deviceWord string) (inGroup func(string) bool, caseless bool, err error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, false, err
	}
	var owners []collector.Owner
	caseless = true
	if deviceWord != "" {
		id, err := d.FindDevice(deviceWord, scope)
		if err != nil {
			return nil, false, err
		}
		device, err := a.Registry.Device(ctx, id)
		if err != nil {
			return nil, false, err
		}
		owners, caseless = append(owners, collector.Owner{Device: id}), classify.Caseless(device.OS)
	}
	if personWord != "" {
		person, err := d.FindPerson(personWord, scope)
		if err != nil {
			return nil, false, err
		}
		for _, owner := range d.Owners() {
			if d.Person(owner).ID == person.ID && (deviceWord == "" || owner.Device == owners[0].Device) {
				owners = append(owners, owner)
			}
		}
	}
	return func(group string) bool {
		return slices.ContainsFunc(owners, func(owner collector.Owner) bool { return d.InGroup(group, owner) })
	}, caseless, nil
}

// ExportRules gives the rules, or the shipped list, as a CSV file that Classify takes.
func (a adminService) ExportRules(_ context.Context, req *connect.Request[adminv1.ExportRulesRequest]) (*connect.Response[adminv1.ExportRulesResponse], error) {
	if req.Msg.Shipped {
		return connect.NewResponse(&adminv1.ExportRulesResponse{Csv: classify.WriteShipped()}), nil
	}
	return connect.NewResponse(&adminv1.ExportRulesResponse{Csv: classify.WriteCSV(a.Config().Classification.Rules)}), nil
}
