package duckdb

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
)

func TestPanicInAFoldIsAnError(t *testing.T) {
	store := open(t, t.TempDir())
	mustAppend(t, store, upload(1))
	at, err := store.file.chunks.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer at.close()
	if err := store.file.folds.fold(t.Context(), at, "episode", "true", "segment", func(chunk) { panic("too bad") }); err == nil || !strings.Contains(err.Error(), "too bad") {
		t.Errorf("%v", err)
	}
	if _, err := store.Sum(t.Context(), monday(), collector.Want{Days: true, Gaps: true, Subjects: true}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestFoldEndsWithItsContext(t *testing.T) {
	store := open(t, t.TempDir())
	at, err := store.file.chunks.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer at.close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// Some hours of work, were it not ended by what it sees first.
	err = store.file.folds.fold(ctx, at, "range(1000000000000) r(n)", "true", "n", func(chunk) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What goes on now on computers of several systems is equally new: an application goes by the same names whatever comes first.
func TestNamesOfWhatGoesOnAreAlwaysTheSame(t *testing.T) {
	mac, linux := collector.Names{Product: "Firefox", Bundle: "org.mozilla.firefox"}, collector.Names{Product: "Firefox"}
	for _, order := range [][]collector.Names{{mac, linux}, {linux, mac}} {
		c := &classes{}
		for _, names := range order {
			c.cells = append(c.cells, cell{app: "firefox", Names: names, newest: math.MaxInt32})
		}
		sums := c.subjects([]cellSum{{1000, 0}, {1000, 0}}, []uint64{1, 1}, 1)
		if len(sums) != 1 || sums[0].Names != mac {
			t.Errorf("in the order %v: %+v", order, sums)
		}
	}
}
