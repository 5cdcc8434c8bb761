package listing

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// csvForm is a header of the contract's names and a line for each row (RFC 4180, lines ending in \n).
type csvForm struct {
	w       io.Writer
	columns []column
	headed  bool
	line    []byte
}

func (c *csvForm) head() error {
	c.headed = true
	c.line = c.line[:0]
	for i := range c.columns {
		c.line = append(append(c.line, c.columns[i].name...), ',')
	}
	return c.end()
}

// end makes the last comma the line's end and writes the line.
func (c *csvForm) end() error {
	c.line[len(c.line)-1] = '\n'
	_, err := c.w.Write(c.line)
	return err
}

func (c *csvForm) row(m protoreflect.Message) error {
	if !c.headed {
		if err := c.head(); err != nil {
			return err
		}
	}
	c.line = c.line[:0]
	for i := range c.columns {
		column := &c.columns[i]
		value := column.of(m)
		switch column.kind {
		case number:
			c.line = strconv.AppendFloat(c.line, value.Float(), 'f', -1, 64)
		case whole:
			c.line = strconv.AppendInt(c.line, value.Int(), 10)
		case claim:
			c.line = strconv.AppendBool(c.line, value.Bool())
		default:
			c.line = appendQuoted(c.line, unarmed(column.words(value)))
		}
		c.line = append(c.line, ',')
	}
	return c.end()
}

func (c *csvForm) close() error {
	if !c.headed {
		return c.head()
	}
	return nil
}

func appendQuoted(line []byte, text string) []byte {
	if !strings.ContainsAny(text, `,";`) && !strings.HasPrefix(text, " ") {
		return append(line, text...)
	}
	line = append(line, '"')
	for {
		before, after, found := strings.Cut(text, `"`)
		line = append(line, before...)
		if !found {
			return append(line, '"')
		}
		line = append(line, `""`...)
		text = after
	}
}

// unarmed is a text that no spreadsheet takes for a formula (security.md 7), of full width neither; tabs and line ends,
// which some take for the beginning of one, are gone already. What is a formula behind apostrophes gets one more, so that
// taking one away gives the text back.
func unarmed(text string) string {
	if text == "" || 'a' <= text[0]|0x20 && text[0]|0x20 <= 'z' {
		return text
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, "' "))
	if strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + text
	}
	return text
}
