package token

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func carried(t *testing.T) string {
	t.Helper()
	text := Token{Addresses: []string{"dayline.example.com:8443"}, Trust: TrustPin, Pin: [32]byte{1}, Secret: NewSecret()}.Encode()
	if _, err := Parse(text); err != nil {
		t.Fatal(err)
	}
	return text
}

// write puts a string into a room, as whoever stamps does.
func write(whole []byte, room Reserved, text string) {
	clear(whole[room.At:][:room.Size])
	copy(whole[room.At:], text)
}

func TestAStampIsFoundWhereverItIs(t *testing.T) {
	text, signed := carried(t), append(append([]byte("---BEGIN_BLOB---"), make([]byte, 993)...), "---END_BLOB---"...)
	rapid.Check(t, func(rt *rapid.T) {
		room, foreign := Reservation(), rapid.Bool().Draw(rt, "signed")
		if foreign {
			room = signed
		}
		at := rapid.IntRange(0, 3*window).Draw(rt, "at")
		whole := append(bytes.Repeat([]byte("-"), at), room...)
		whole = append(whole, bytes.Repeat([]byte("-"), rapid.IntRange(0, 2*window).Draw(rt, "after"))...)
		found, err := FindReserved(iotest.HalfReader(bytes.NewReader(whole)))
		if err != nil || len(found) != 1 || found[0].Signed != foreign {
			rt.Fatalf("at %d: %+v, %v", at, found, err)
		}
		if _, err := FindStamp(bytes.NewReader(whole)); !errors.Is(err, ErrNoString) {
			rt.Fatalf("nothing was written: %v", err)
		}
		write(whole, found[0], text)
		if got, err := FindStamp(bytes.NewReader(whole)); got != text || err != nil {
			rt.Fatalf("at %d: %q, %v", at, got, err)
		}
	})
}

func TestADamagedStampIsNone(t *testing.T) {
	whole := Reservation()
	rooms, err := FindReserved(bytes.NewReader(whole))
	if err != nil || len(rooms) != 1 || rooms[0].Size != ReservedBytes {
		t.Fatal(rooms, err)
	}
	text := carried(t)
	for _, damaged := range []string{text[:len(text)-1], strings.Replace(text, text[5:6], "1", 1), "dl1", "x" + text} {
		write(whole, rooms[0], damaged)
		if got, err := FindStamp(bytes.NewReader(whole)); !errors.Is(err, ErrNoString) {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := FindStamp(io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(errors.New("gone")))); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a disk that fails: %v", err)
	}
}

func TestANameCarriesHoweverItIsRenamed(t *testing.T) {
	text := carried(t)
	for _, name := range []string{
		"Dayline-%.pkg", "Dayline-% (1).pkg", "Dayline-%(2).pkg", "Dayline-%-2.pkg", "Dayline-% copy 3.pkg", "Kopie von Dayline-%.pkg",
		"Dayline [%].pkg", "Dayline (%).msi.download", "%", "dl1-Dayline_%_1.2.3.pkg", "DAYLINE-%.PKG",
	} {
		name = strings.ReplaceAll(name, "%", text)
		for _, name := range []string{name, strings.ToUpper(name)} {
			if got, err := FindInName(name); got != text || err != nil {
				t.Errorf("%q: %q, %v", name, got, err)
			}
		}
	}
	for _, name := range []string{"", "Dayline.pkg", "dl1", "dl1.pkg", "Dayline-" + text[:len(text)-2] + ".pkg", "Dayline-" + text + "a.pkg"} {
		if got, err := FindInName(name); !errors.Is(err, ErrNoString) {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}
