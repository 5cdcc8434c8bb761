package episode

import (
	"errors"
	"fmt"
	"io"
)

// Replay runs an engine over a trace and writes the episodes that end in it, one JSON line each. A refused line ends it
// with a *FieldError that has its number; what ended before that line is written.
func Replay(settings *Settings, trace io.Reader, w io.Writer) error {
	reader, engine := NewReader(trace), New(settings)
	var line []byte
	for {
		observation, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		episodes, err := engine.Observe(&observation)
		if refusal := (*FieldError)(nil); errors.As(err, &refusal) {
			refusal.Line = reader.Line()
		}
		if err != nil {
			return err
		}
		for i := range episodes {
			line = append(AppendJSON(line[:0], &episodes[i]), '\n')
			if _, err := w.Write(line); err != nil {
				return fmt.Errorf("write episode: %w", err)
			}
		}
	}
}
