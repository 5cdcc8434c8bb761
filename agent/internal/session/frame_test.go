package session

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func frameOf(size uint32, text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, size), text...)
}

func TestFrameThereAndBack(t *testing.T) {
	var pipe bytes.Buffer
	for _, m := range []*Message{
		{Hello: &Hello{Protocol: Protocol, Run: "0123456789abcdef", Desktop: "x11"}},
		{Stored: &Stored{Number: 7}},
		{Pause: &Pause{Paused: true}},
	} {
		if err := Write(&pipe, m); err != nil {
			t.Fatal(err)
		}
	}
	r := iotest.OneByteReader(&pipe)
	if m, err := Read(r); err != nil || m.Hello.Run != "0123456789abcdef" {
		t.Fatalf("hello: %+v, %v", m, err)
	}
	if m, err := Read(r); err != nil || m.Stored.Number != 7 {
		t.Fatalf("stored: %+v, %v", m, err)
	}
	if m, err := Read(r); err != nil || !m.Pause.Paused {
		t.Fatalf("pause: %+v, %v", m, err)
	}
	if _, err := Read(r); err != io.EOF {
		t.Fatalf("at the end: %v, want io.EOF", err)
	}
}

func TestFrameRefused(t *testing.T) {
	secret := "a title nobody may see"
	for name, frame := range map[string][]byte{
		"too long":     frameOf(MaxFrame+1, "{}"),
		"huge":         frameOf(1<<32-1, "{}"),
		"empty":        frameOf(0, ""),
		"no JSON":      frameOf(uint32(len(secret)), secret),
		"wrong type":   frameOf(uint32(len(secret)+12), `{"hello":"`+secret+`"}`),
		"no message":   frameOf(2, "{}"),
		"null":         frameOf(4, "null"),
		"two messages": frameOf(35, `{"stored":{"number":1},"pause":{}} `),
		"trailing":     frameOf(25, `{"stored":{"number":1}}{}`),
	} {
		_, err := Read(bytes.NewReader(frame))
		if !errors.Is(err, ErrBadFrame) {
			t.Errorf("%s: %v, want ErrBadFrame", name, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error quotes what was sent: %v", name, err)
		}
	}
	cut := frameOf(100, `{"stored"`)
	if _, err := Read(bytes.NewReader(cut)); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		t.Errorf("cut short: %v", err)
	}
	if _, err := Encode(&Message{Answer: &Answer{Error: strings.Repeat("x", MaxFrame)}}); !errors.Is(err, ErrBadFrame) {
		t.Errorf("encoding too much: %v", err)
	}
}
