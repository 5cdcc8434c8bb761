package listing

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/listing/listingtest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

func TestNextSheet(t *testing.T) {
	var out bytes.Buffer
	form := newXLSX(&out, "Activity", columnsOf((&adminv1.ActivityRow{}).ProtoReflect().Descriptor()))
	form.sheetRows = 4
	for n := range 7 {
		if err := form.row((&adminv1.ActivityRow{Seconds: float64(n)}).ProtoReflect()); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.close(); err != nil {
		t.Fatal(err)
	}
	table, err := listingtest.Read(XLSX, out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(table.Sheets, []int{3, 3, 1}) || table.Rows[6]["seconds"] != "6" {
		t.Errorf("sheets %v, %v", table.Sheets, table.Rows)
	}
}

func TestCellIsCut(t *testing.T) {
	for text, want := range map[string]int{
		strings.Repeat("a", maxCellUnits):          maxCellUnits,
		strings.Repeat("a", maxCellUnits+1):        maxCellUnits,
		strings.Repeat("é", maxCellUnits+1):        2 * maxCellUnits,
		strings.Repeat("\U0001f600", maxCellUnits): 4 * (maxCellUnits / 2),
	} {
		if got := len(cell(text)); got != want {
			t.Errorf("%.10q: %d bytes, want %d", text, got, want)
		}
	}
}
