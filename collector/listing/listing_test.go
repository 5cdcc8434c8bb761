package listing

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

var hostile = []*adminv1.ActivityRow{
	{Title: "=cmd|' /C calc'!A0", App: "+1", Site: "-2", Url: "@SUM(A1)", Product: "\t=1", Start: "2026-03-02T08:15:00.000+01:00", Seconds: 3905},
	{Title: "red \x1b[31m and \u202egnp.exe \u0007", App: "plain", Private: true, Seconds: 59.4, Login: "a\nb", Url: "\x01=1"},
	{Title: strings.Repeat("long ", 100)},
}

func written(t *testing.T, format string, rows ...*adminv1.ActivityRow) string {
	t.Helper()
	var out bytes.Buffer
	w, err := New(&out, format, &adminv1.ActivityRow{}, "start", "seconds", "app", "product", "title", "private")
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
	return out.String()
}

func TestTableIsAlignedAndHarmless(t *testing.T) {
	table := written(t, Table, hostile...)
	if strings.ContainsAny(table, "\x1b\u202e\u0007\t") {
		t.Errorf("a control character reached the terminal: %q", table)
	}
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines: %q", len(lines), table)
	}
	for _, want := range []string{"START", "LENGTH", "2026-03-02 08:15:00", "1 h 05 min", "59 s", "yes"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	at := strings.Index(lines[0], "APP")
	if !strings.HasPrefix(lines[1][at:], "+1") || !strings.HasPrefix(lines[2][at:], "plain") {
		t.Errorf("columns do not stand below one another:\n%s", table)
	}
	if !strings.Contains(lines[3], "…") || len([]rune(lines[3])) > 140 {
		t.Errorf("a long title was not cut: %q", lines[3])
	}
	if empty := written(t, Table); empty != "" {
		t.Errorf("an empty table prints %q", empty)
	}
}

func TestAbsenceIsNotShownAsZeroWork(t *testing.T) {
	var out bytes.Buffer
	w, err := New(&out, Table, &adminv1.HoursRow{}, "day", "total_seconds", "breaks", "locked_seconds", "absence")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []*adminv1.HoursRow{{Day: "2026-03-02"}, {Day: "2026-03-03", Absence: "locked", LockedSeconds: 60}} {
		if err := w.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if got := strings.Fields(lines[1]); strings.Join(got, " ") != "2026-03-02 0 s 0 0 s" {
		t.Errorf("%q", got)
	}
	if got := strings.Fields(lines[2]); strings.Join(got, " ") != "2026-03-03 1 min 00 s locked" {
		t.Errorf("%q", got)
	}
}

func TestLongTablesStream(t *testing.T) {
	rows := make([]*adminv1.ActivityRow, widthRows+10)
	for i := range rows {
		rows[i] = &adminv1.ActivityRow{App: "app", Title: "title"}
	}
	rows[widthRows+5].Title = strings.Repeat("x", 40)
	lines := strings.Split(written(t, Table, rows...), "\n")
	if len(lines) != widthRows+10+2 {
		t.Fatalf("%d lines", len(lines))
	}
	if line := lines[widthRows+6]; !strings.Contains(line, "xxxx…") {
		t.Errorf("a later long cell breaks the columns: %q", line)
	}
}

func TestACardTellsAllOfIt(t *testing.T) {
	long := "missing: " + strings.Repeat("what to do ", 30) + "at last"
	var out bytes.Buffer
	if err := Card(&out, &adminv1.Device{Id: "d-1", Limits: []string{"x11: none", long, "a\x1bb"}}, "id", "alias", "limits"); err != nil {
		t.Fatal(err)
	}
	if want := "ID      d-1\nLIMITS  x11: none\n        " + long + "\n        ab\n"; out.String() != want {
		t.Errorf("%q\nwant %q", out.String(), want)
	}
}

func TestJSONIsOneArrayOfTheContractsNames(t *testing.T) {
	if empty := written(t, JSON); empty != "[]\n" {
		t.Errorf("empty: %q", empty)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(written(t, JSON, hostile...)), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[0]["seconds"] != 3905.0 || rows[0]["observed_seconds"] != 0.0 || rows[1]["private"] != true {
		t.Errorf("rows %v", rows)
	}
}

func TestCSVStartsNoFormula(t *testing.T) {
	records, err := csv.NewReader(strings.NewReader(written(t, CSV, hostile...))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 4 || records[0][0] != "device" || records[0][7] != "observed_seconds" {
		t.Fatalf("records %q", records)
	}
	for _, record := range records[1:] {
		for i, cell := range record {
			if cell != "" && strings.ContainsRune("=+-@\t", rune(cell[0])) {
				t.Errorf("%s: %q starts a formula", records[0][i], cell)
			}
			if strings.ContainsAny(cell, "\x1b\u202e\n") {
				t.Errorf("%s: %q", records[0][i], cell)
			}
		}
	}
	if only := written(t, CSV); !strings.HasPrefix(only, "device,login,") || strings.Count(only, "\n") != 1 {
		t.Errorf("empty: %q", only)
	}
}

func TestLength(t *testing.T) {
	for seconds, want := range map[float64]string{
		0: "0 s", 59.4: "59 s", 59.6: "1 min 00 s", 310: "5 min 10 s", 3900: "1 h 05 min", 3599.7: "1 h 00 min", 360000: "100 h 00 min",
	} {
		if got := Length(seconds); got != want {
			t.Errorf("Length(%v) = %q, want %q", seconds, got, want)
		}
	}
}

func TestTimesAreOfTheDeviceOrOfTheReader(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.FixedZone("", 2*60*60)
	for _, c := range []struct{ text, want string }{
		{"2026-03-02T08:15:00.250+05:30", "2026-03-02 08:15:00"},
		{"2026-03-02T08:15:00.000+00:00", "2026-03-02 08:15:00"},
		{"2026-03-02T08:15:00Z", "2026-03-02 10:15:00"},
		{"", ""},
	} {
		if got := moment(c.text); got != c.want {
			t.Errorf("moment(%s) = %q, want %q", c.text, got, c.want)
		}
	}
	for column, row := range map[string]proto.Message{
		"until": &adminv1.DeviceUpdate{Until: "2026-03-02T08:15:00Z"}, "next": &adminv1.UpdateAim{Next: "2026-03-02T08:15:00Z"},
	} {
		var card strings.Builder
		if err := Card(&card, row, column); err != nil || !strings.HasSuffix(card.String(), "2026-03-02 10:15:00\n") {
			t.Errorf("%s: %q, %v", column, &card, err)
		}
	}
	if table := written(t, Table, &adminv1.ActivityRow{Title: "2026-03-02T08:15:00Z"}); !strings.Contains(table, "2026-03-02T08:15:00Z") {
		t.Errorf("a title was taken for a time: %q", table)
	}
}

func TestUnknownFormatAndColumn(t *testing.T) {
	if _, err := New(nil, "xml", &adminv1.ActivityRow{}); err == nil {
		t.Error("format xml accepted")
	}
	if _, err := New(nil, Table, &adminv1.ActivityRow{}, "nothing"); err == nil {
		t.Error("column accepted")
	}
}
