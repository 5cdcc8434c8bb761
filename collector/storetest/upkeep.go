package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Kept is a store that is kept small, true and private.
type Kept interface {
	QuestionStore
	collector.Upkeep
}

// RunUpkeep tests what collector.Upkeep says; open gives a new, empty store.
func RunUpkeep(t *testing.T, open func(*testing.T) Kept) {
	for name, test := range map[string]func(*testing.T, Kept){
		"delete by device, login and both":   deleteByDeviceLoginAndBoth,
		"days are dropped whole":             daysAreDroppedWhole,
		"titles and addresses are stripped":  titlesAndAddressesAreStripped,
		"usage counts by day and owner":      usageCountsByDayAndOwner,
		"rewriting changes nothing one sees": rewritingChangesNothing,
		"a slow reader holds nobody up":      slowReaderHoldsNobodyUp,
		"an empty store is kept too":         emptyStoreIsKept,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// office stores a morning of Sunday, Monday and Tuesday for ana and bo on d-1 and d-2.
func office(t *testing.T, store Kept) {
	t.Helper()
	for device := range 2 {
		var rows []collector.Row
		for day := range 3 {
			for n := range 4 {
				row := RowOn(Monday.AddDate(0, 0, day-1), uint64(len(rows)+1), fmt.Sprintf("%02d:00:00", 8+n), time.Minute, "browser")
				row.Product, row.Bundle, row.Title = "A Browser", "org.example.Browser", fmt.Sprintf("title %d", day)
				row.Site, row.URL = "example.com", fmt.Sprintf("https://example.com/%d", day)
				if n%2 == 1 {
					bo(&row)
				}
				rows = append(rows, row)
			}
		}
		mustAppend(t, store, Upload(fmt.Sprintf("d-%d", device+1), byte(device), rows...))
	}
}

// threeDays asks for what office stored.
func threeDays() *collector.Query {
	q := twoPeople()
	q.FromDay, q.ToDay = Day-1, Day+1
	return q
}

// left counts the episodes by what a key makes of them.
func left(t *testing.T, store Kept, key func(*adminv1.ActivityRow) string) map[string]int {
	t.Helper()
	rows, _ := Episodes(t, store, threeDays(), collector.Page{})
	counts := map[string]int{}
	for _, row := range rows {
		counts[key(row)]++
	}
	return counts
}

func byOwner(row *adminv1.ActivityRow) string { return row.Device + " " + row.Person }

func byDay(row *adminv1.ActivityRow) string { return row.Start[8:10] }

func deleteByDeviceLoginAndBoth(t *testing.T, store Kept) {
	office(t, store)
	noon := Monday.Add(-90 * time.Minute) // 10:30 of Monday
	later := Monday.AddDate(1, 0, 0)
	for _, c := range []struct {
		device, login string
		before        time.Time
		deleted       int64
		left          map[string]int
	}{
		{"d-1", `example\\ana`, noon, 4, map[string]int{"d-1 p-ana": 2, "d-1 p-bo": 6, "d-2 p-ana": 6, "d-2 p-bo": 6}},
		{"d-1", `example\\ana`, noon, 0, map[string]int{"d-1 p-ana": 2, "d-1 p-bo": 6, "d-2 p-ana": 6, "d-2 p-bo": 6}},
		{"", `example\\bo`, noon, 6, map[string]int{"d-1 p-ana": 2, "d-1 p-bo": 3, "d-2 p-ana": 6, "d-2 p-bo": 3}},
		{"d-2", "", later, 9, map[string]int{"d-1 p-ana": 2, "d-1 p-bo": 3}},
		{"d-3", "", later, 0, map[string]int{"d-1 p-ana": 2, "d-1 p-bo": 3}},
		{"d-1", "nobody", later, 0, map[string]int{"d-1 p-ana": 2, "d-1 p-bo": 3}},
	} {
		deleted, err := store.Delete(t.Context(), c.device, c.login, c.before)
		if err != nil || deleted != c.deleted {
			t.Errorf("%q %q: %d deleted instead of %d (%v)", c.device, c.login, deleted, c.deleted, err)
		}
		check(t, c.left, left(t, store, byOwner))
	}
	if _, err := store.Delete(t.Context(), "", "", later); err == nil {
		t.Error("everything was deleted")
	}
	// What comes again is new.
	office(t, store)
	check(t, map[string]int{"d-1 p-ana": 8, "d-1 p-bo": 9, "d-2 p-ana": 6, "d-2 p-bo": 6}, left(t, store, byOwner))
	check(t, map[string]int{"A Browser title 0": 8, "A Browser title 1": 9, "A Browser title 2": 12},
		left(t, store, func(row *adminv1.ActivityRow) string { return row.Product + " " + row.Title }))
}

func daysAreDroppedWhole(t *testing.T, store Kept) {
	office(t, store)
	// Of Monday by its own clock, though of Sunday by the others'.
	far := RowOn(Monday.AddDate(0, 0, -1).In(time.FixedZone("", 13*3600)), 100, "00:30:00", time.Minute, "far")
	mustAppend(t, store, Upload("d-1", 9, far))
	dropped, err := store.DropDays(t.Context(), Day)
	if err != nil || dropped != 8 {
		t.Errorf("%d dropped (%v)", dropped, err)
	}
	check(t, map[string]int{"02": 9, "03": 8}, left(t, store, byDay))
	if dropped, err = store.DropDays(t.Context(), Day); err != nil || dropped != 0 {
		t.Errorf("again: %d dropped (%v)", dropped, err)
	}
	if dropped, err = store.DropDays(t.Context(), Day+100); err != nil || dropped != 17 {
		t.Errorf("all: %d dropped (%v)", dropped, err)
	}
	office(t, store)
	check(t, map[string]int{"01": 8, "02": 8, "03": 8}, left(t, store, byDay))
}

func titlesAndAddressesAreStripped(t *testing.T, store Kept) {
	office(t, store)
	said := func(row *adminv1.ActivityRow) string {
		return fmt.Sprintf("%s %s %s %s|%s|%s|%s", row.Start[8:10], row.App, row.Product, row.Bundle, row.Title, row.Site, row.Url)
	}
	strip := func(titles, addresses bool, want int64) {
		t.Helper()
		stripped, err := store.Strip(t.Context(), Day, titles, addresses)
		if err != nil || stripped != want {
			t.Errorf("%d stripped instead of %d (%v)", stripped, want, err)
		}
	}
	monday, tuesday := "02 browser A Browser org.example.Browser|title 1|example.com|https://example.com/1", "03 browser A Browser org.example.Browser|title 2|example.com|https://example.com/2"
	strip(false, false, 0)
	strip(true, false, 8)
	check(t, map[string]int{"01 browser A Browser org.example.Browser||example.com|https://example.com/0": 8, monday: 8, tuesday: 8}, left(t, store, said))
	strip(true, false, 0)
	strip(true, true, 8)
	check(t, map[string]int{"01 browser A Browser org.example.Browser|||": 8, monday: 8, tuesday: 8}, left(t, store, said))
	strip(true, true, 0)
	if rows, _ := Episodes(t, store, threeDays(), collector.Page{Search: "title 0"}); len(rows) != 0 {
		t.Errorf("found still: %v", rows)
	}
	// What was stripped is no obstacle to the same text coming again.
	office(t, store)
	check(t, map[string]int{
		"01 browser A Browser org.example.Browser|||": 8, "01 browser A Browser org.example.Browser|title 0|example.com|https://example.com/0": 8, monday: 16, tuesday: 16,
	}, left(t, store, said))
}

func usageCountsByDayAndOwner(t *testing.T, store Kept) {
	office(t, store)
	usage, err := store.Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stats, err := store.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	owner := func(device, login string) collector.Owner { return collector.Owner{Device: device, LoginKey: login} }
	check(t, collector.Usage{
		Episodes: 24, Bytes: stats.Bytes, Days: map[int32]int64{Day - 1: 8, Day: 8, Day + 1: 8},
		Owners: map[collector.Owner]int64{
			owner("d-1", `example\\ana`): 6, owner("d-2", `example\\ana`): 6, owner("d-1", `example\\bo`): 6, owner("d-2", `example\\bo`): 6,
		},
	}, usage)
}

func rewritingChangesNothing(t *testing.T, store Kept) {
	office(t, store)
	if _, err := store.Delete(t.Context(), "d-2", `example\\bo`, Monday); err != nil {
		t.Fatal(err)
	}
	before, next := Episodes(t, store, threeDays(), collector.Page{Limit: 7})
	rest, _ := Episodes(t, store, threeDays(), collector.Page{Limit: 100, After: next})
	key := collector.StreamKey{Device: "d-1"}
	batches, err := store.Batches(t.Context(), key)
	if err != nil || len(batches) != 1 {
		t.Fatalf("%v %v", batches, err)
	}
	for range 2 {
		if err := store.Rewrite(t.Context()); err != nil {
			t.Fatal(err)
		}
		again, _ := Episodes(t, store, threeDays(), collector.Page{Limit: 7})
		check(t, before, again)
		// A page from before goes on.
		again, _ = Episodes(t, store, threeDays(), collector.Page{Limit: 100, After: next})
		check(t, rest, again)
	}
	if after, err := store.Batches(t.Context(), key); err != nil || len(after) != 1 || after[0] != batches[0] {
		t.Errorf("%v %v", after, err)
	}
	office(t, store)
	if rows, _ := Episodes(t, store, threeDays(), collector.Page{}); len(rows) != len(before)+len(rest)+24 {
		t.Errorf("%d rows after %d and 24 more", len(rows), len(before)+len(rest))
	}
}

// slowReaderHoldsNobodyUp changes and rewrites the store while its log is being read.
func slowReaderHoldsNobodyUp(t *testing.T, store Kept) {
	office(t, store)
	given := 0
	if _, err := store.Episodes(t.Context(), threeDays(), collector.Page{}, func(rows []*adminv1.ActivityRow) error {
		given += len(rows)
		if _, err := store.Delete(t.Context(), "d-1", "", Monday.AddDate(1, 0, 0)); err != nil {
			return err
		}
		mustAppend(t, store, Upload("d-2", 7, Row(1, "07:00:00", time.Minute, "late")))
		return store.Rewrite(t.Context())
	}); err != nil {
		t.Fatal(err)
	}
	if given != 24 {
		t.Errorf("%d rows were given", given)
	}
	check(t, map[string]int{"d-2 p-ana": 7, "d-2 p-bo": 6}, left(t, store, byOwner))
}

func emptyStoreIsKept(t *testing.T, store Kept) {
	if n, err := store.DropDays(t.Context(), Day); err != nil || n != 0 {
		t.Errorf("%d %v", n, err)
	}
	if n, err := store.Strip(t.Context(), Day, true, true); err != nil || n != 0 {
		t.Errorf("%d %v", n, err)
	}
	if err := store.Rewrite(t.Context()); err != nil {
		t.Error(err)
	}
	if usage, err := store.Usage(t.Context()); err != nil || usage.Episodes != 0 || usage.Bytes == 0 || len(usage.Days)+len(usage.Owners) != 0 {
		t.Errorf("%+v %v", usage, err)
	}
	if rows, next := Episodes(t, store, threeDays(), collector.Page{Limit: 10}); len(rows) != 0 || next != "" {
		t.Errorf("%v %q", rows, next)
	}
}
