package api

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/listing"
)

// What one message may be made of. Two bytes on the wire can become a hundred in memory, so that bytes alone bound
// nothing: the largest batch has 5,000 episodes and 20,000 strings.
const (
	maxMessages = 8000
	maxScalars  = 24000
	maxDepth    = 16
	// maxJSONElements counts commas and brackets: the 16 fields of 5,000 episodes, the strings, and some room.
	maxJSONElements = 200000
)

// protoCodec reads Protocol Buffers after counting what they would become. With marking, what it cannot read it marks
// in place of failing: Connect answers a failing codec by itself, without a Problem.
type protoCodec struct{ marking bool }

// Name of connect.Codec.
func (protoCodec) Name() string { return "proto" }

// Marshal of connect.Codec.
func (protoCodec) Marshal(message any) ([]byte, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("api: %T is no message", message)
	}
	return proto.Marshal(m)
}

// Unmarshal of connect.Codec.
func (c protoCodec) Unmarshal(wire []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return fmt.Errorf("api: %T is no message", message)
	}
	err := count(wire, m.ProtoReflect().Descriptor(), &tally{}, 0)
	if err == nil && (proto.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: maxDepth}).Unmarshal(wire, m) != nil {
		err = errMalformed
	}
	return marked(m, err, c.marking)
}

// jsonCodec is the contract over plain HTTP: proto field names, zero values shown, unknown fields ignored so that an
// older collector serves a newer agent.
type jsonCodec struct{ marking bool }

// Name of connect.Codec.
func (jsonCodec) Name() string { return "json" }

// Marshal of connect.Codec.
func (jsonCodec) Marshal(message any) ([]byte, error) {
	m, ok := message.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("api: %T is no message", message)
	}
	return listing.Object(m)
}

// Unmarshal of connect.Codec.
func (c jsonCodec) Unmarshal(text []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return fmt.Errorf("api: %T is no message", message)
	}
	err := countJSON(text)
	if err == nil {
		err = protojson.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: maxDepth}.Unmarshal(text, m)
	}
	return marked(m, err, c.marking)
}

// markField is a field that no message has and no reading leaves, since unknown ones are discarded.
const markField = protowire.MaxValidNumber

// marked puts an error of reading into the message itself.
func marked(m proto.Message, err error, marking bool) error {
	if err == nil || !marking {
		return err
	}
	proto.Reset(m)
	mark := protowire.AppendTag(nil, markField, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendString(mark, err.Error()))
	return nil
}

// unread gives the error a message was marked with.
func unread(m any) error {
	message, ok := m.(proto.Message)
	if !ok {
		return nil
	}
	mark := message.ProtoReflect().GetUnknown()
	if len(mark) == 0 {
		return nil
	}
	_, _, n := protowire.ConsumeTag(mark)
	reason, _ := protowire.ConsumeString(mark[n:])
	return collector.Refuse(collector.BadRequest, "", "%s", reason)
}

type tally struct{ messages, scalars int }

var (
	errTooMuch   = errors.New("the message holds more elements than a full batch has")
	errMalformed = errors.New("the message is malformed")
)

// count walks the wire form without building anything and stops at the bounds.
func count(wire []byte, message protoreflect.MessageDescriptor, t *tally, depth int) error {
	if depth > maxDepth {
		return errTooMuch
	}
	for len(wire) > 0 {
		number, kind, n := protowire.ConsumeTag(wire)
		if n < 0 {
			return errMalformed
		}
		wire = wire[n:]
		size := protowire.ConsumeFieldValue(number, kind, wire)
		if size < 0 {
			return errMalformed
		}
		field := message.Fields().ByNumber(number)
		if field != nil && kind == protowire.BytesType {
			if field.Message() != nil {
				t.messages++
				value, _ := protowire.ConsumeBytes(wire)
				if err := count(value, field.Message(), t, depth+1); err != nil {
					return err
				}
			} else if field.IsList() {
				t.scalars++
			}
		}
		if t.messages > maxMessages || t.scalars > maxScalars {
			return errTooMuch
		}
		wire = wire[size:]
	}
	return nil
}

// countJSON counts elements outside strings, and their depth.
func countJSON(text []byte) error {
	elements, messages, depth, quoted := 0, 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			elements++
			depth++
			if c == '{' {
				messages++
			}
		case c == '}', c == ']':
			depth--
		case c == ',':
			elements++
		}
		if depth > maxDepth || elements > maxJSONElements || messages > maxMessages {
			return errTooMuch
		}
	}
	return nil
}
