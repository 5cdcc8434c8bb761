package listing

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	// groupRows make a row group, which is in memory until it is written; batchRows are gathered before.
	groupRows = 64 << 10
	batchRows = 512
	// dictionaryBytes a column's distinct texts may take; beyond, texts stand for themselves.
	dictionaryBytes = 1 << 20
	// localSuffix names the column with an instant as the clock on the wall showed it.
	localSuffix = "_local"
)

// parquetForm has typed columns. An instant is two of them: the time in UTC and, with localSuffix, as the clock on the wall
// showed it; a day is a date; both are null where there is none.
type parquetForm struct {
	w       *parquet.GenericWriter[any]
	columns []column
	// batch has the values of some rows for each leaf, words the bytes of their texts.
	batch [][]parquet.Value
	words []byte
	// rows of the group under way, without the batch.
	rows int
}

// record is a group whose columns keep their order; parquet's own sorts them by name.
type record struct {
	parquet.Group
	names []string
}

// Fields of parquet.Node.
func (r record) Fields() []parquet.Field {
	fields := r.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return cmp.Compare(slices.Index(r.names, a.Name()), slices.Index(r.names, b.Name()))
	})
	return fields
}

func (r *record) add(name string, node parquet.Node) {
	r.names = append(r.names, name)
	r.Group[name] = node
}

func newParquet(w io.Writer, name string, columns []column) *parquetForm {
	root := record{Group: parquet.Group{}}
	for i := range columns {
		name := columns[i].name
		switch columns[i].kind {
		case number:
			root.add(name, parquet.Leaf(parquet.DoubleType))
		case whole:
			root.add(name, parquet.Leaf(parquet.Int32Type))
		case claim:
			root.add(name, parquet.Leaf(parquet.BooleanType))
		case date:
			root.add(name, parquet.Optional(parquet.Date()))
		case instant:
			root.add(name, parquet.Optional(parquet.TimestampAdjusted(parquet.Millisecond, true)))
			root.add(name+localSuffix, parquet.Optional(parquet.TimestampAdjusted(parquet.Millisecond, false)))
		default:
			root.add(name, parquet.Encoded(parquet.String(), &parquet.RLEDictionary))
		}
	}
	return &parquetForm{
		w: parquet.NewGenericWriter[any](w, parquet.NewSchema(name, root), parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
			parquet.DictionaryMaxBytes(dictionaryBytes)),
		columns: columns, batch: make([][]parquet.Value, len(root.names)),
	}
}

func (p *parquetForm) row(m protoreflect.Message) error {
	leaf := 0
	put := func(value parquet.Value, defined int) {
		p.batch[leaf] = append(p.batch[leaf], value.Level(0, defined, leaf))
		leaf++
	}
	for i := range p.columns {
		column := &p.columns[i]
		value := column.of(m)
		switch column.kind {
		case number:
			put(parquet.DoubleValue(value.Float()), 0)
		case whole:
			put(parquet.Int32Value(int32(value.Int())), 0)
		case claim:
			put(parquet.BooleanValue(value.Bool()), 0)
		case date:
			if at, err := time.Parse(time.DateOnly, value.String()); err == nil {
				put(parquet.Int32Value(int32(at.Unix()/(24*60*60))), 1)
			} else {
				put(parquet.NullValue(), 0)
			}
		case instant:
			if at, err := time.Parse(time.RFC3339, value.String()); err == nil {
				_, offset := at.Zone()
				put(parquet.Int64Value(at.UnixMilli()), 1)
				put(parquet.Int64Value(at.UnixMilli()+int64(offset)*1000), 1)
			} else {
				put(parquet.NullValue(), 0)
				put(parquet.NullValue(), 0)
			}
		default:
			from := len(p.words)
			p.words = append(p.words, column.words(value)...)
			put(parquet.ByteArrayValue(p.words[from:]), 0)
		}
	}
	if len(p.batch[0]) < batchRows {
		return nil
	}
	return p.flush()
}

// flush hands the batch over, column by column, and ends the row group where it is full.
func (p *parquetForm) flush() error {
	if len(p.batch[0]) == 0 {
		return nil
	}
	p.rows += len(p.batch[0])
	for leaf, column := range p.w.ColumnWriters() {
		if _, err := column.WriteRowValues(p.batch[leaf]); err != nil {
			return err
		}
		p.batch[leaf] = p.batch[leaf][:0]
	}
	p.words = p.words[:0]
	if p.rows < groupRows {
		return nil
	}
	p.rows = 0
	return p.w.Flush()
}

func (p *parquetForm) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.w.Close()
}
