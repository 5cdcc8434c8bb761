package duckdb

/*
void dayline_fold(void *, void *, void *);
typedef void (*dayline_fold_t)(void *, void *, void *);
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/cgo"
	"sync"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// folds is a function of one file, dayline_fold(number, columns ...), that a query calls in its WHERE: it shows the
// rows to Go in DuckDB's own memory, as it unpacks them and on its own threads, and lets none through. A result would
// be held in memory whole, and takes twice as long.
type folds struct {
	mu      sync.Mutex
	running map[int32]*folding
	next    int32
	// self is how DuckDB knows us: C may hold no pointer to what has pointers.
	self   *cgo.Handle
	pinner runtime.Pinner
}

// folding is one query that folds. Its take is called by several threads at once.
type folding struct {
	take func(chunk)
}

// Columns of a chunk of episodes that is folded; the first is the number of the folding.
const (
	foldSegment = iota + 1
	foldActivity
	foldFinish
	foldLength
	foldState
	foldTitle
)

// openFolds registers the function with an opened file.
func openFolds(c *chunks) (*folds, error) {
	var conn mapping.Connection
	if mapping.Connect(c.db, &conn) == mapping.StateError {
		return nil, errors.New("no connection")
	}
	defer mapping.Disconnect(&conn)
	f := &folds{running: map[int32]*folding{}, self: new(cgo.Handle)}
	*f.self = cgo.NewHandle(f)
	f.pinner.Pin(f.self)
	function := mapping.CreateScalarFunction()
	defer mapping.DestroyScalarFunction(&function)
	mapping.ScalarFunctionSetName(function, "dayline_fold")
	integer, anything, boolean := mapping.CreateLogicalType(mapping.TypeInteger), mapping.CreateLogicalType(mapping.TypeAny),
		mapping.CreateLogicalType(mapping.TypeBoolean)
	mapping.ScalarFunctionAddParameter(function, integer)
	mapping.ScalarFunctionSetVarargs(function, anything)
	mapping.ScalarFunctionSetReturnType(function, boolean)
	for _, kind := range []mapping.LogicalType{integer, anything, boolean} {
		mapping.DestroyLogicalType(&kind)
	}
	mapping.ScalarFunctionSetVolatile(function)
	mapping.ScalarFunctionSetExtraInfo(function, unsafe.Pointer(f.self), nil)
	mapping.ScalarFunctionSetFunction(function, unsafe.Pointer(C.dayline_fold_t(C.dayline_fold)))
	if mapping.RegisterScalarFunction(conn, function) == mapping.StateError {
		f.close()
		return nil, errors.New("the function is refused")
	}
	return f, nil
}

func (f *folds) close() {
	f.pinner.Unpin()
	f.self.Delete()
}

//export dayline_fold
func dayline_fold(info, input, output unsafe.Pointer) { //nolint:revive // SQL's name
	data := mapping.DataChunk{Ptr: input}
	rows := int(mapping.DataChunkGetSize(data))
	clear(unsafe.Slice((*bool)(mapping.VectorGetData(mapping.Vector{Ptr: output})), rows))
	if err := foldChunk(mapping.ScalarFunctionGetExtraInfo(mapping.FunctionInfo{Ptr: info}), chunk{rows: rows, data: data}); err != nil {
		mapping.ScalarFunctionSetError(mapping.FunctionInfo{Ptr: info}, err.Error())
	}
}

// foldChunk shows a chunk to its folding. A panic must not reach DuckDB's thread.
func foldChunk(self unsafe.Pointer, c chunk) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("folding panicked: %v", panicked)
		}
	}()
	if c.rows == 0 {
		return nil
	}
	f, ok := (*(*cgo.Handle)(self)).Value().(*folds)
	if !ok {
		return errors.New("no file is behind the function")
	}
	f.mu.Lock()
	one := f.running[column[int32](c, 0)[0]]
	f.mu.Unlock()
	if one == nil {
		return errors.New("no folding has this number")
	}
	one.take(c)
	return nil
}

// fold shows the rows of a table that a condition holds for to take; the first column is the number of the folding.
func (f *folds) fold(ctx context.Context, at *snapshot, table, condition, columns string, take func(chunk)) error {
	f.mu.Lock()
	f.next++
	number := f.next
	f.running[number] = &folding{take: take}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.running, number)
		f.mu.Unlock()
	}()
	query := fmt.Sprintf(`SELECT count(*) FROM %s WHERE %s AND dayline_fold(%d, %s)`, table, condition, number, columns)
	return at.scan(ctx, query, func(chunk) {})
}
