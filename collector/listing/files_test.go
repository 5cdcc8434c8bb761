package listing_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector/listing"
	"github.com/dayline-project/dayline/collector/listing/listingtest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

var files = []string{listing.CSV, listing.XLSX, listing.Parquet}

func file(t *testing.T, format string, example proto.Message, rows ...proto.Message) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := listing.New(&out, format, example)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(t *testing.T, format string, content []byte) listingtest.Table {
	t.Helper()
	table, err := listingtest.Read(format, content)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return table
}

func TestFilesHoldTheContract(t *testing.T) {
	rows := []proto.Message{
		&adminv1.HoursRow{
			Person: "p-1", Name: "Zoë", Day: "2026-03-02", FirstActivity: "2026-03-02T08:15:00.250+05:30", TotalSeconds: 3600.125, Breaks: 2,
			Times: &adminv1.Times{ProductiveActive: 59.5, Total: 60},
		},
		&adminv1.HoursRow{Absence: "off"},
	}
	for _, format := range files {
		table := read(t, format, file(t, format, rows[0], rows...))
		if len(table.Rows) != 2 {
			t.Fatalf("%s: %d rows", format, len(table.Rows))
		}
		want := map[string]string{
			"person": "p-1", "name": "Zoë", "day": "2026-03-02", "first_activity": "2026-03-02T08:15:00.250+05:30", "last_activity": "",
			"total_seconds": "3600.125", "breaks": "2", "times_productive_active": "59.5", "times_total": "60", "absence": "",
		}
		if format == listing.Parquet {
			want["first_activity"], want["first_activity_local"] = "2026-03-02T02:45:00.250Z", "2026-03-02T08:15:00.250Z"
		}
		for name, cell := range want {
			if got, has := table.Rows[0][name]; !has || got != cell {
				t.Errorf("%s: %s is %q, want %q", format, name, got, cell)
			}
		}
		if empty := table.Rows[1]; empty["absence"] != "off" || empty["day"] != "" || empty["first_activity"] != "" || empty["times_total"] != "0" {
			t.Errorf("%s: %v", format, empty)
		}
		order := strings.Join(table.Columns, " ")
		if !strings.HasPrefix(order, "person name day first_activity ") || !strings.Contains(order, " locked_seconds times_productive_active ") ||
			!strings.Contains(order, " times_total absence last_record") {
			t.Errorf("%s: columns %s", format, order)
		}
		if empty := read(t, format, file(t, format, rows[0])); len(empty.Rows) != 0 || len(empty.Columns) != len(table.Columns) {
			t.Errorf("%s without rows: %v", format, empty)
		}
	}
}

// counted counts what is written to it.
type counted int

func (c *counted) Write(b []byte) (int, error) {
	*c += counted(len(b))
	return len(b), nil
}

// What was written is gone before the end, so that memory does not grow with the rows.
func TestFilesLeaveAsTheyCome(t *testing.T) {
	const rows = 66_000
	for _, format := range files {
		var out counted
		w, err := listing.New(&out, format, &adminv1.ActivityRow{})
		if err != nil {
			t.Fatal(err)
		}
		row := &adminv1.ActivityRow{Device: "d-1", App: "editor", Start: "2026-03-02T08:15:00.250+05:30"}
		for n := range rows {
			row.Title = strconv.FormatUint(uint64(n)*2654435761%(1<<32), 16) // shrinks little
			if err := w.Row(row); err != nil {
				t.Fatal(err)
			}
		}
		before := out
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if before < out*8/10 {
			t.Errorf("%s: %d of %d bytes had left before the end", format, before, out)
		}
	}
}
