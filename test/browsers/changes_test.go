package browsers

import (
	"fmt"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/site"
)

// input is some that changes nothing: tabs are changed without, and after two minutes, which a busy computer takes for this,
// nobody would be there to see them.
func (p *proof) input(t *testing.T) {
	t.Helper()
	mustDo(t, p.screen.Input("key", "shift"))
}

// many tab changes of each browser, and how many of them may be missed or be without their address.
const many, missed = 250, 1

// changes goes from tab to tab, each seen and told, up to five a second, and counts those that are reported with title and address.
func (p *proof) changes(t *testing.T) {
	t.Helper()
	ctx, b := t.Context(), p.browser
	must(b.Activate(ctx))(t)
	p.told(t, "one")
	p.begin(t)
	from := time.Now()
	names := []string{"two", "one"}
	for i := range many {
		if i%25 == 0 {
			p.input(t)
		}
		name := names[i%2]
		must(b.Do(ctx, Title(name)+b.Suffix, func() error { return b.ActivateTab(ctx, p.tabs[name]) }))(t)
		p.told(t, name)
	}
	must(p.terminal.Activate(ctx))(t)
	site.Eventually(t, 2*time.Minute, "the changes are reported", func() error {
		rows, err := p.Collector.Activity(ctx)
		if err != nil {
			return err
		}
		right := 0
		for _, row := range rows {
			for _, name := range names {
				if row.Start.After(from) && row.Title == Title(name)+b.Suffix && row.URL == p.pages.At(name) {
					right++
				}
			}
			if row.URL == p.pages.At("one") && row.Title != Title("one")+b.Suffix || row.URL == p.pages.At("two") && row.Title != Title("two")+b.Suffix {
				t.Fatalf("%s is reported with the title %q", row.URL, row.Title)
			}
		}
		if right < many-missed || right > many {
			return fmt.Errorf("%d of %d", right, many)
		}
		return nil
	})
}
