package listing

import (
	"bytes"
	"encoding/json"
	"io"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// jsonForm is one array with a row on each line.
type jsonForm struct {
	w       io.Writer
	started bool
}

func (j *jsonForm) row(m protoreflect.Message) error {
	text, err := Object(m.Interface())
	if err != nil {
		return err
	}
	before := "[\n"
	if j.started {
		before = ",\n"
	}
	j.started = true
	_, err = j.w.Write(append([]byte(before), text...))
	return err
}

func (j *jsonForm) close() error {
	end := "\n]\n"
	if !j.started {
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

// Object is a message as the contract shows it in JSON: proto field names, zero values shown, no white space.
func Object(m proto.Message) ([]byte, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	// protojson varies its white space from build to build on purpose.
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return nil, err
	}
	return compact.Bytes(), nil
}
