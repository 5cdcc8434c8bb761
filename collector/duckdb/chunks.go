package duckdb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// chunks reads results column by column, as DuckDB has them in memory. database/sql boxes every value: 27 million
// rows of four columns take it ten seconds, this a fifth of one.
type chunks struct {
	db mapping.Database
}

// openChunks opens a file that is open already: both share DuckDB's one instance of it, so the settings must be equal.
func openChunks(path string, settings url.Values) (*chunks, error) {
	var config mapping.Config
	if mapping.CreateConfig(&config) == mapping.StateError {
		return nil, errors.New("no configuration")
	}
	defer mapping.DestroyConfig(&config)
	if mapping.SetConfig(config, "duckdb_api", "go") == mapping.StateError {
		return nil, errors.New("setting duckdb_api is refused")
	}
	for name := range settings {
		if mapping.SetConfig(config, name, settings.Get(name)) == mapping.StateError {
			return nil, fmt.Errorf("setting %s is refused", name)
		}
	}
	c := new(chunks)
	var reason string
	if mapping.GetOrCreateFromCache(duckdb.GetInstanceCache(), path, &c.db, config, &reason) == mapping.StateError {
		return nil, errors.New(reason)
	}
	return c, nil
}

func (c *chunks) close() { mapping.Close(&c.db) }

// chunk is up to some thousand rows of a result.
type chunk struct {
	rows int
	data mapping.DataChunk
}

// column gives one column's values; T must be the column's type and the column without NULL. They are valid until the
// next chunk.
func column[T int8 | uint8 | int16 | int32 | int64 | uint64](c chunk, index int) []T {
	vector := mapping.DataChunkGetVector(c.data, mapping.IdxT(index))
	return unsafe.Slice((*T)(mapping.VectorGetData(vector)), c.rows)
}

// text gives one value of a column of text (duckdb_string_t: up to 12 bytes stand in place, longer ones behind a pointer).
func (c chunk) text(index, row int) string { return string(c.bytes(index, row)) }

// bytes is text in DuckDB's memory, valid until the next chunk.
func (c chunk) bytes(index, row int) []byte {
	type inPlace struct {
		length uint32
		bytes  [12]byte
	}
	type behind struct {
		length uint32
		prefix [4]byte
		bytes  *byte
	}
	start := mapping.VectorGetData(mapping.DataChunkGetVector(c.data, mapping.IdxT(index)))
	value := unsafe.Add(start, uintptr(row)*unsafe.Sizeof(inPlace{}))
	if short := (*inPlace)(value); short.length <= uint32(len(short.bytes)) {
		return short.bytes[:short.length]
	}
	long := (*behind)(value)
	return unsafe.Slice(long.bytes, long.length)
}

// scan runs one query on a connection of its own. It is a transaction: a query that is prepared in one and run in the
// next is planned by the rows there were, and where all of them met a condition, later ones are not asked whether they do.
func (c *chunks) scan(ctx context.Context, query string, each func(chunk), parameters ...string) error {
	s, err := c.snapshot(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	return s.scan(ctx, query, each, parameters...)
}

// snapshot is a connection whose queries all see one state of the file.
type snapshot struct{ conn mapping.Connection }

func (c *chunks) snapshot(ctx context.Context) (*snapshot, error) {
	s := new(snapshot)
	if mapping.Connect(c.db, &s.conn) == mapping.StateError {
		return nil, errors.New("no connection")
	}
	if err := s.scan(ctx, "BEGIN TRANSACTION READ ONLY", func(chunk) {}); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *snapshot) scan(ctx context.Context, query string, each func(chunk), parameters ...string) error {
	return scan(ctx, s.conn, query, each, parameters...)
}

// close ends the transaction, which changed nothing.
func (s *snapshot) close() { mapping.Disconnect(&s.conn) }

// scan runs a query and gives its chunks in order to each; its parameters are texts. The result is held in memory: ask
// for a part at a time.
func scan(ctx context.Context, conn mapping.Connection, query string, each func(chunk), parameters ...string) error {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		mapping.Interrupt(conn)
		close(interrupted)
	})
	defer func() {
		if !stop() {
			<-interrupted // the connection must outlive it
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	var prepared mapping.PreparedStatement
	defer mapping.DestroyPrepare(&prepared)
	if mapping.Prepare(conn, query, &prepared) == mapping.StateError {
		return errors.New(mapping.PrepareError(prepared))
	}
	for i, text := range parameters {
		if mapping.BindVarchar(prepared, mapping.IdxT(i+1), text) == mapping.StateError {
			return fmt.Errorf("parameter %d is refused", i+1)
		}
	}
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.ExecutePrepared(prepared, &result) == mapping.StateError {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errors.New(mapping.ResultError(&result))
	}
	for ctx.Err() == nil {
		data := mapping.FetchChunk(result)
		if data.Ptr == nil {
			return nil
		}
		each(chunk{rows: int(mapping.DataChunkGetSize(data)), data: data})
		mapping.DestroyDataChunk(&data)
	}
	return ctx.Err()
}
