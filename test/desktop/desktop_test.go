package desktop

import (
	"os"
	"testing"
)

// Programs come up, come to the front and take what is typed; windows of our own do too.
func TestDesktop(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "dl")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	d, err := Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	terminal, err := d.OpenTerminal(t.Context(), "Shell")
	if err != nil {
		t.Fatal(err)
	}
	cards, err := d.OpenCards(t.Context(), "one", "two")
	if err != nil {
		t.Fatal(err)
	}
	defer cards.Close()
	if err := cards.Show(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := terminal.Click(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := terminal.Type(t.Context(), "Invoice 12\n", "Invoice 12"); err != nil {
		t.Fatal(err)
	}
}
