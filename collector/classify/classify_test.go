package classify

import (
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

func TestSmoke(t *testing.T) {
	c := New(&config.Classification{Rules: []config.Rule{
		{Site: "example.com", Verdict: config.Verdict{Status: "productive"}, Exceptions: []config.Exception{{Group: "M", Verdict: config.Verdict{Status: "unproductive"}}}},
		{App: "Chrome", Verdict: config.Verdict{Category: "B"}},
	}})
	a := c.Variant(func(string) bool { return false }, true)
	b := c.Variant(func(string) bool { return true }, false)
	f := c.Classifier()
	got := f(collector.Subject{App: "chrome", Site: "a.example.com"})
	t.Log(a, b, got, f(collector.Subject{App: "code"}), f(collector.Subject{Site: "github.com"}))
	if len(got) != 2 || got[a] != (collector.Class{Status: collector.Productive, Category: "B"}) || got[b] != (collector.Class{Status: collector.Unproductive}) {
		t.Fatal(got)
	}
}
