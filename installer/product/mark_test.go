package product

import (
	"bytes"
	"os"
	"testing"
)

// The pages' mark, which mark.go draws. A change of one has to be one of the other.
const pages = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1f6f62"/>` +
	`<path d="M7 21h18" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/><path d="M10 21a6 6 0 0 1 12 0" fill="none" stroke="#fff" stroke-width="2.4"/>` +
	`<path d="M16 8v3M7.8 12.2l1.8 1.8M24.2 12.2l-1.8 1.8" stroke="#fff" stroke-width="2.4" stroke-linecap="round"/></svg>`

func TestTheMarkIsThePages(t *testing.T) {
	text, err := os.ReadFile("../../collector/web/app/public/icon.svg")
	if err != nil {
		t.Fatal(err)
	}
	if string(bytes.TrimSpace(text)) != pages {
		t.Error("the pages have another mark than the one drawn here")
	}
	drawing := Mark(256)
	for _, at := range []struct {
		x, y  int
		white bool
	}{{128, 168, true}, {128, 120, true}, {128, 76, true}, {128, 104, false}, {128, 145, false}, {70, 105, true}, {186, 105, true}, {128, 200, false}} {
		if c := drawing.NRGBAAt(at.x, at.y); (c == stroke) != at.white {
			t.Errorf("at %d, %d it is %v", at.x, at.y, c)
		}
	}
	if drawing.NRGBAAt(0, 0).A != 0 || drawing.NRGBAAt(0, 128) != ground {
		t.Error("its corners are not round")
	}
}
