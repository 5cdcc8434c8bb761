package episode

import (
	"fmt"
	"io"
)

// FieldError is a refused observation.
type FieldError struct {
	// Line of the trace, from 1; 0 where the observation came from no trace.
	Line int
	// Field of the observation; empty where the line as a whole does not read.
	Field  string
	Reason string
}

func (e *FieldError) Error() string {
	text := e.Reason
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Line > 0 {
		text = fmt.Sprintf("line %d: %s", e.Line, text)
	}
	return text
}

// Reader reads a trace.
type Reader struct{}

// NewReader reads a trace of one JSON object a line.
func NewReader(r io.Reader) *Reader { return &Reader{} }

// Next is the next observation; io.EOF after the last. A refused line is a *FieldError.
func (r *Reader) Next() (Observation, error) { return Observation{}, io.EOF }
