package listing

import (
	"archive/zip"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// What a sheet and a cell hold at most, in rows and in UTF-16 units
// (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3).
const (
	maxSheetRows = 1 << 20
	maxCellUnits = 32767
)

// xlsxForm is a workbook (ECMA-376, 1st edition, part 4, SpreadsheetML) written from front to back: sheets as rows come, the
// parts that name the sheets last. Texts stand in their cells as such, so that none is ever taken for a formula; times are
// texts too, since a spreadsheet's have no zone.
type xlsxForm struct {
	zip     *zip.Writer
	title   string
	columns []column
	// sheetRows a sheet takes, its header included.
	sheetRows int
	sheet     io.Writer
	sheets    int
	rows      int
	buffer    []byte
}

// xlsxBuffer bytes of a sheet are gathered before they are compressed.
const xlsxBuffer = 64 << 10

func newXLSX(w io.Writer, title string, columns []column) *xlsxForm {
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	return &xlsxForm{zip: archive, title: title, columns: columns, sheetRows: maxSheetRows}
}

func (x *xlsxForm) row(m protoreflect.Message) error {
	if x.sheet == nil || x.rows == x.sheetRows {
		if err := x.begin(); err != nil {
			return err
		}
	}
	x.rows++
	b := append(x.buffer, "<row>"...)
	for i := range x.columns {
		column := &x.columns[i]
		value := column.of(m)
		switch column.kind {
		case number:
			b = append(strconv.AppendFloat(append(b, "<c><v>"...), value.Float(), 'g', -1, 64), "</v></c>"...)
		case whole:
			b = append(strconv.AppendInt(append(b, "<c><v>"...), value.Int(), 10), "</v></c>"...)
		case claim:
			b = append(append(append(b, `<c t="b"><v>`...), truth(value.Bool())), "</v></c>"...)
		default:
			b = appendText(b, column.words(value), "")
		}
	}
	x.buffer = append(b, "</row>\n"...)
	if len(x.buffer) < xlsxBuffer {
		return nil
	}
	return x.flush()
}

func truth(is bool) byte {
	if is {
		return '1'
	}
	return '0'
}

func (x *xlsxForm) flush() error {
	_, err := x.sheet.Write(x.buffer)
	x.buffer = x.buffer[:0]
	return err
}

// appendText appends a cell with a text; attributes begin with a space.
func appendText(b []byte, text, attributes string) []byte {
	if text == "" {
		return append(b, "<c/>"...)
	}
	b = append(append(append(b, `<c t="inlineStr"`...), attributes...), "><is><t"...)
	if text[0] == ' ' || text[len(text)-1] == ' ' {
		b = append(b, ` xml:space="preserve"`...)
	}
	return append(appendXML(append(b, '>'), cell(text)), "</t></is></c>"...)
}

// cell cuts a text to what a cell holds.
func cell(text string) string {
	if len(text) <= maxCellUnits {
		return text
	}
	units := 0
	for at, r := range text {
		if units += utf16.RuneLen(r); units > maxCellUnits {
			return text[:at]
		}
	}
	return text
}

// appendXML escapes what XML takes for markup, drops what it forbids (XML 1.0 §2.2; control characters are gone), and
// escapes what SpreadsheetML takes for an escape: _x000D_ (ECMA-376, part 1, §22.9.2.19).
func appendXML(b []byte, text string) []byte {
	begin := 0
	for i := 0; i < len(text); i++ {
		instead, length := "", 1
		switch c := text[i]; {
		case c == '&':
			instead = "&amp;"
		case c == '<':
			instead = "&lt;"
		case c == '>':
			instead = "&gt;"
		case c == '_' && isEscape(text[i:]):
			instead = "_x005F_"
		case c == 0xef && (strings.HasPrefix(text[i:], "\ufffe") || strings.HasPrefix(text[i:], "\uffff")):
			length = utf8.RuneLen('\uffff')
		default:
			continue
		}
		b = append(append(b, text[begin:i]...), instead...)
		i += length - 1
		begin = i + 1
	}
	return append(b, text[begin:]...)
}

func isEscape(text string) bool {
	if len(text) < 7 || text[1] != 'x' || text[6] != '_' {
		return false
	}
	_, err := strconv.ParseUint(text[2:6], 16, 16)
	return err == nil
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// begin ends the sheet under way and begins the next, with a header that is bold and stays in sight.
func (x *xlsxForm) begin() error {
	err := x.end()
	if err != nil {
		return err
	}
	x.sheets++
	x.rows = 1
	if x.sheet, err = x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.sheets)); err != nil {
		return err
	}
	x.buffer = append(x.buffer[:0], xmlHead+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`+
		`<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`...)
	x.buffer = fmt.Appendf(x.buffer, `<cols><col min="1" max="%d" width="18" customWidth="1"/></cols><sheetData>`+"\n<row>", len(x.columns))
	for i := range x.columns {
		x.buffer = appendText(x.buffer, x.columns[i].name, ` s="1"`)
	}
	x.buffer = append(x.buffer, "</row>\n"...)
	return nil
}

func (x *xlsxForm) end() error {
	if x.sheet == nil {
		return nil
	}
	x.buffer = append(x.buffer, "</sheetData></worksheet>"...)
	return x.flush()
}

func (x *xlsxForm) close() error {
	if x.sheet == nil {
		if err := x.begin(); err != nil {
			return err
		}
	}
	if err := x.end(); err != nil {
		return err
	}
	const (
		package_  = "http://schemas.openxmlformats.org/package/2006/"
		documents = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
		types     = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	)
	var sheets, relations, kinds strings.Builder
	for n := 1; n <= x.sheets; n++ {
		name := x.title
		if n > 1 {
			name = fmt.Sprint(x.title, " ", n)
		}
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, name, n, n)
		fmt.Fprintf(&relations, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, documents, n)
		fmt.Fprintf(&kinds, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, n, types)
	}
	for _, part := range []struct{ name, content string }{
		{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="` + documents + `"><sheets>` +
			sheets.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + package_ + `relationships">` + relations.String() +
			`<Relationship Id="styles" Type="` + documents + `/styles" Target="styles.xml"/></Relationships>`},
		{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
			`<fonts count="2"><font/><font><b/></font></fonts>` +
			`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
			`<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>` +
			`<cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs>` +
			`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`},
		{"_rels/.rels", `<Relationships xmlns="` + package_ + `relationships"><Relationship Id="rId1" Type="` + documents +
			`/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", `<Types xmlns="` + package_ + `content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + types + `sheet.main+xml"/>` +
			`<Override PartName="/xl/styles.xml" ContentType="` + types + `styles+xml"/>` + kinds.String() + `</Types>`},
	} {
		w, err := x.zip.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, xmlHead+part.content); err != nil {
			return err
		}
	}
	return x.zip.Close()
}
