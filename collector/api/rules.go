package api

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/classify"
	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// ListRules lists the rules of classification.yaml, or the shipped list, and the categories there are.
func (a adminService) ListRules(_ context.Context, req *connect.Request[adminv1.ListRulesRequest]) (*connect.Response[adminv1.ListRulesResponse], error) {
	file := a.Config().Classification
	answer := &adminv1.ListRulesResponse{Categories: categories(file)}
	if req.Msg.Shipped {
		for _, entry := range classify.Shipped() {
			answer.Rules = append(answer.Rules, &adminv1.Rule{
				App: entry.App, Site: entry.Site, Url: entry.URL, Status: collector.Undefined.String(), Category: entry.Category,
			})
		}
		return connect.NewResponse(answer), nil
	}
	for _, rule := range file.Rules {
		says := func(v config.Verdict, group string) {
			answer.Rules = append(answer.Rules, &adminv1.Rule{
				App: rule.App, Site: rule.Site, Url: rule.URL, Status: v.Status, Category: v.Category, Group: group,
			})
		}
		says(rule.Verdict, "")
		for _, exception := range rule.Exceptions {
			says(exception.Verdict, exception.Group)
		}
	}
	return connect.NewResponse(answer), nil
}

// categories are those of the file, whose rules name no other, and of the shipped list, by name.
func categories(file *config.Classification) []string {
	names := map[string]bool{}
	for _, name := range file.Categories {
		names[name] = true
	}
	for _, entry := range classify.Shipped() {
		names[entry.Category] = true
	}
	delete(names, config.Ignore)
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	})
}
