// Package listingtest reads the files of collector/listing back, with readers that are not its writers.
package listingtest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Table is what a file holds. Cells are as in the contract: texts as they were before a format's own escapes, numbers
// without needless digits, "true" or "false", and empty for nothing; of Parquet, times are in UTC.
type Table struct {
	Columns []string
	Rows    []map[string]string
	// Sheets has how many rows each sheet of a workbook has, the headers left out.
	Sheets []int
}

// Read reads a file of a format; of JSON there are no columns without rows.
func Read(format string, file []byte) (Table, error) {
	switch format {
	case "json":
		return readJSON(file)
	case "csv":
		return readCSV(file)
	case "xlsx":
		return readXLSX(file)
	case "parquet":
		return readParquet(file)
	}
	return Table{}, fmt.Errorf("listingtest: no format %q", format)
}

func (t *Table) add(cells []string) error {
	if len(cells) != len(t.Columns) {
		return fmt.Errorf("listingtest: %d cells in %d columns", len(cells), len(t.Columns))
	}
	row := map[string]string{}
	for i, cell := range cells {
		row[t.Columns[i]] = cell
	}
	t.Rows = append(t.Rows, row)
	return nil
}

func readJSON(file []byte) (t Table, err error) {
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.UseNumber()
	var rows []map[string]any
	if err := decoder.Decode(&rows); err != nil {
		return t, err
	}
	for _, row := range rows {
		cells := map[string]string{}
		flatten(cells, "", row)
		t.Rows = append(t.Rows, cells)
	}
	return t, nil
}

func flatten(cells map[string]string, before string, object map[string]any) {
	for name, value := range object {
		switch value := value.(type) {
		case map[string]any:
			flatten(cells, before+name+"_", value)
		case nil:
		default:
			cells[before+name] = fmt.Sprint(value)
		}
	}
}

// ErrFormula: a spreadsheet would compute a cell.
var ErrFormula = errors.New("listingtest: a cell starts a formula")

var (
	formula  = regexp.MustCompile(`^[=+\-@＝＋－＠\t\r]`)
	number   = regexp.MustCompile(`^-?[0-9.]+$`)
	disarmed = regexp.MustCompile(`^'[' ]*[=+\-@＝＋－＠]`)
)

func readCSV(file []byte) (t Table, err error) {
	records, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil || len(records) == 0 {
		return t, errors.Join(err, io.EOF)
	}
	t.Columns = records[0]
	for _, record := range records[1:] {
		for i, cell := range record {
			switch {
			case formula.MatchString(cell) && !number.MatchString(cell):
				return t, fmt.Errorf("%w: %q", ErrFormula, cell)
			case disarmed.MatchString(cell):
				record[i] = cell[1:]
			}
		}
		if err := t.add(record); err != nil {
			return t, err
		}
	}
	return t, nil
}

// workbook and its parts, as far as they matter.
type (
	workbook struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	relation struct {
		ID     string `xml:"Id,attr"`
		Target string `xml:"Target,attr"`
	}
	relations struct {
		All []relation `xml:"Relationship"`
	}
	sheet struct {
		Rows []struct {
			Cells []struct {
				Type    string  `xml:"t,attr"`
				Value   string  `xml:"v"`
				Text    string  `xml:"is>t"`
				Formula *string `xml:"f"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
)

func readXLSX(file []byte) (t Table, err error) {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return t, err
	}
	part := func(name string, into any) error {
		f, err := archive.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return xml.NewDecoder(f).Decode(into)
	}
	var root, inner relations
	var book workbook
	if err := errors.Join(part("_rels/.rels", &root), part("xl/_rels/workbook.xml.rels", &inner), part("[Content_Types].xml", new(struct{})),
		part("xl/styles.xml", new(struct{})), part("xl/workbook.xml", &book)); err != nil {
		return t, err
	}
	if len(root.All) != 1 || root.All[0].Target != "xl/workbook.xml" {
		return t, fmt.Errorf("listingtest: the workbook is at %v", root.All)
	}
	for _, s := range book.Sheets {
		var content sheet
		at := slices.IndexFunc(inner.All, func(r relation) bool { return r.ID == s.ID })
		if at < 0 {
			return t, fmt.Errorf("listingtest: sheet %q is nowhere", s.Name)
		}
		if err := part(path.Join("xl", inner.All[at].Target), &content); err != nil {
			return t, err
		}
		t.Sheets = append(t.Sheets, len(content.Rows)-1)
		for i, row := range content.Rows {
			cells := make([]string, len(row.Cells))
			for j, cell := range row.Cells {
				if cell.Formula != nil || cell.Type == "str" {
					return t, fmt.Errorf("%w: %q", ErrFormula, cell.Value)
				}
				cells[j] = unescaped(cell.Type, cell.Value, cell.Text)
			}
			if i == 0 {
				t.Columns = cells
			} else if err := t.add(cells); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}

var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescaped(kind, value, text string) string {
	switch kind {
	case "inlineStr":
		return escape.ReplaceAllStringFunc(text, func(e string) string {
			r, _ := strconv.ParseUint(e[2:6], 16, 16)
			return string(rune(r))
		})
	case "b":
		return strconv.FormatBool(value == "1")
	case "":
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	return value
}

func readParquet(file []byte) (t Table, err error) {
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return t, err
	}
	columns := f.Root().Columns()
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Name())
	}
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 100)
		for {
			n, err := rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				cells := make([]string, len(columns))
				for _, value := range row {
					cells[value.Column()] = parquetCell(columns[value.Column()].Type().String(), value)
				}
				if err := t.add(cells); err != nil {
					return t, err
				}
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return t, err
			}
		}
		if err := rows.Close(); err != nil {
			return t, err
		}
	}
	return t, nil
}

func parquetCell(kind string, value parquet.Value) string {
	switch {
	case value.IsNull():
		return ""
	case strings.HasPrefix(kind, "TIMESTAMP"):
		return time.UnixMilli(value.Int64()).UTC().Format("2006-01-02T15:04:05.000Z")
	case kind == "DATE":
		return time.Unix(int64(value.Int32())*24*60*60, 0).UTC().Format(time.DateOnly)
	case value.Kind() == parquet.Double:
		return strconv.FormatFloat(value.Double(), 'f', -1, 64)
	}
	return value.String()
}
