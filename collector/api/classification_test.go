package api

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// What a file would change is told before it does, and what it changed can be taken back rule by rule.
func TestClassifyTellsWhatChanges(t *testing.T) {
	o := openOffice(t)
	rules := func() string {
		answer, err := o.as(cleo).ExportRules(t.Context(), connect.NewRequest(&adminv1.ExportRulesRequest{}))
		o.check(err)
		return answer.Msg.Csv
	}
	classify := func(ask *adminv1.ClassifyRequest) *adminv1.ClassifyResponse {
		answer, err := o.as(cleo).Classify(t.Context(), connect.NewRequest(ask))
		o.check(err)
		return answer.Msg
	}
	classify(&adminv1.ClassifyRequest{Csv: "site,status,category,group\nb.example,productive,Mail,\nb.example,undefined,,Secret\n"})
	before := rules()

	ask := &adminv1.ClassifyRequest{Csv: "site,app,status,category,group\n,a.exe,productive,,\nb.example,,-,,\nb.example,,-,,Secret\n", CheckOnly: true}
	would := classify(ask)
	if rules() != before {
		t.Fatalf("to ask changed the rules:\n%s", rules())
	}
	ask.CheckOnly = false
	did := classify(ask)
	if told := fmt.Sprint(did); told != fmt.Sprint(would) || rules() == before {
		t.Errorf("%v would change, and %s did", would, told)
	}
	var changes []string
	undo := &adminv1.ClassifyRequest{}
	for _, c := range did.Changes {
		changes = append(changes, fmt.Sprintf("%s%s/%s: %q %q was %q %q", c.Rule.App, c.Rule.Site, c.Rule.Group, c.Rule.Status, c.Rule.Category, c.OldStatus, c.OldCategory))
		back := &adminv1.Rule{App: c.Rule.App, Site: c.Rule.Site, Group: c.Rule.Group, Status: c.OldStatus, Category: c.OldCategory}
		if back.Status == "" {
			back.Status = "-"
		}
		undo.Rules = append(undo.Rules, back)
	}
	want := `b.example/: "" "Mail" was "productive" "Mail"` + "\n" + `b.example/Secret: "" "" was "undefined" ""` + "\n" + `a.exe/: "productive" "" was "" ""`
	if got := strings.Join(changes, "\n"); got != want {
		t.Errorf("changed\n%s", got)
	}
	if classify(undo); rules() != before {
		t.Errorf("taken back:\n%s", rules())
	}
}
