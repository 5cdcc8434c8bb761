package api

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

func TestTryRedaction(t *testing.T) {
	client := openOffice(t).as(ada)
	try := func(title string, patterns ...string) (*adminv1.TryRedactionResponse, error) {
		answer, err := client.TryRedaction(t.Context(), connect.NewRequest(&adminv1.TryRedactionRequest{Title: title, Patterns: patterns}))
		if err != nil {
			return nil, err
		}
		return answer.Msg, nil
	}
	for _, c := range []struct {
		title    string
		patterns []string
		want     string
		blanked  []string
		emptied  bool
	}{
		{"Invoice 4711 of 2026", []string{`\d+`}, "Invoice *** of ***", []string{"4711", "2026"}, false},
		// The second sees what the first has left.
		{"Invoice 4711", []string{`\d+`, `(?i)INVOICE \*+`}, "***", []string{"4711", "Invoice ***"}, false},
		{"Invoice", []string{`\d+`}, "Invoice", nil, false},
		{strings.Repeat("a", 500), []string{`(a?){1000}b`}, "", nil, true},
	} {
		got, err := try(c.title, c.patterns...)
		if err != nil || got.Title != c.want || !slices.Equal(got.Blanked, c.blanked) || got.Emptied != c.emptied {
			t.Errorf("%q: %v, %v", c.patterns, got, err)
		}
	}
	for field, patterns := range map[string][]string{
		"patterns[1]": {"a", "("}, "patterns[0]": {""}, "patterns": make([]string, 33),
	} {
		if _, err := try("a", patterns...); connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// What an override may say is told by the same answer that says what it may be.
func TestOverridableIsShown(t *testing.T) {
	answer, err := openOffice(t).as(ada).ShowAccount(t.Context(), connect.NewRequest(&adminv1.ShowAccountRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, key := range answer.Msg.Keys {
		if key.Overridable {
			shown = append(shown, key.Key)
		}
	}
	if !slices.Equal(shown, settings.Overridable()) || !slices.Contains(shown, "notice") || slices.Contains(shown, "privacy.min_people") {
		t.Error(shown)
	}
}
