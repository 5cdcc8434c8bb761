package host

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/dayline-project/dayline/agent/internal/browser"
)

func frameOf(text string) []byte {
	return append(binary.NativeEndian.AppendUint32(nil, uint32(len(text))), text...)
}

func TestFrameThereAndBack(t *testing.T) {
	var pipe bytes.Buffer
	for _, m := range []*browser.Message{
		{Hello: &browser.Hello{Version: "1.2.3", Browser: 7}},
		{Tab: &browser.Tab{Window: 1, URL: "https://example.com/ä", Title: "Ä", Audible: true}},
		{Again: true},
	} {
		if err := Write(&pipe, m); err != nil {
			t.Fatal(err)
		}
	}
	r := iotest.OneByteReader(&pipe)
	if m, err := Read(r); err != nil || *m.Hello != (browser.Hello{Version: "1.2.3", Browser: 7}) {
		t.Fatalf("hello: %+v, %v", m, err)
	}
	if m, err := Read(r); err != nil || *m.Tab != (browser.Tab{Window: 1, URL: "https://example.com/ä", Title: "Ä", Audible: true}) {
		t.Fatalf("tab: %+v, %v", m, err)
	}
	if m, err := Read(r); err != nil || !m.Again {
		t.Fatalf("again: %+v, %v", m, err)
	}
	if _, err := Read(r); err != io.EOF {
		t.Fatalf("at the end: %v, want io.EOF", err)
	}
}

func TestFrameRefused(t *testing.T) {
	const secret = "a title nobody may see"
	for name, frame := range map[string][]byte{
		"too long":     binary.NativeEndian.AppendUint32(nil, browser.MaxMessage+1),
		"huge":         binary.NativeEndian.AppendUint32(nil, 1<<32-1),
		"empty":        frameOf(""),
		"no JSON":      frameOf(secret),
		"wrong type":   frameOf(`{"tab":{"title":["` + secret + `"]}}`),
		"two messages": frameOf(`{"tab":{"title":"` + secret + `"},"again":true}`),
		"trailing":     frameOf(`{"again":true}{}`),
	} {
		_, err := Read(bytes.NewReader(frame))
		if !errors.Is(err, ErrBadFrame) {
			t.Errorf("%s: %v, want ErrBadFrame", name, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error quotes what was sent: %v", name, err)
		}
	}
	if _, err := Read(bytes.NewReader(frameOf(`{"again"`)[:8])); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		t.Errorf("cut short: %v", err)
	}
	if err := Write(io.Discard, &browser.Message{Ask: strings.Repeat("x", browser.MaxMessage)}); !errors.Is(err, ErrBadFrame) {
		t.Errorf("writing too much: %v", err)
	}
}

// What must not be told is not, whoever wrote the message.
func TestATabIsBounded(t *testing.T) {
	long := strings.Repeat("ä", maxTitle)
	for text, want := range map[string]browser.Tab{
		`{"window":3,"private":true,"url":"https://a.example/","title":"A","audible":true}`: {Window: 3, Private: true},
		`{"window":3,"url":"chrome://settings/","title":"Settings"}`:                        {Window: 3, Title: "Settings"},
		`{"window":3,"url":"file:///home/ada/letter.html","title":"Letter"}`:                {Window: 3, Title: "Letter"},
		`{"window":3,"url":"javascript:alert(1)","title":"A"}`:                              {Window: 3, Title: "A"},
		`{"window":3,"url":"https://` + strings.Repeat("a", maxURL) + `","title":"A"}`:      {Window: 3, Title: "A"},
		`{"window":3,"url":"http://a.example/","title":"` + long + `b"}`:                    {Window: 3, URL: "http://a.example/", Title: long},
		`{"window":-1,"newer":1}`: {Window: -1},
	} {
		m, err := Read(bytes.NewReader(frameOf(`{"tab":` + text + `}`)))
		if err != nil || *m.Tab != want {
			t.Errorf("%.80s: %+v, %v", text, m, err)
		}
	}
}

// A newer extension may say what this agent does not know.
func TestAMessageOfANewerKindIsEmpty(t *testing.T) {
	for _, text := range []string{`{}`, `null`, `{"newer":{"a":1}}`} {
		if m, err := Read(bytes.NewReader(frameOf(text))); err != nil || m.Hello != nil || m.Tab != nil || m.Ask != "" {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{`{"hello":{"version":"1"}}`, `{"tab":{"window":1,"private":true,"url":"https://a/"}}`, `{"ask":"status"}`, `null`, `{"tab":{"window":1e99}}`} {
		f.Add(frameOf(text))
	}
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, sent []byte) {
		r := bytes.NewReader(sent)
		for {
			m, err := Read(r)
			if err != nil {
				return
			}
			if tab := m.Tab; tab != nil && (tab.Private && (tab.URL != "" || tab.Title != "" || tab.Audible) || len(tab.URL) > maxURL || len([]rune(tab.Title)) > maxTitle) {
				t.Fatalf("told: %+v", tab)
			}
			if text, err := json.Marshal(m); err == nil && len(text) <= browser.MaxMessage {
				if err := Write(io.Discard, m); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
