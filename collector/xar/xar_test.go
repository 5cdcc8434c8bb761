package xar

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// archive is one with a table of contents and what follows the table's checksum.
func archive(t testing.TB, toc, heap string) []byte {
	t.Helper()
	head, err := Head([]byte("<xar><toc>" + toc + "</toc></xar>"))
	if err != nil {
		t.Fatal(err)
	}
	return append(head, heap...)
}

func file(name string, offset, length int64, sum string) string {
	return fmt.Sprintf(`<file><name>%s</name><data><offset>%d</offset><length>%d</length><archived-checksum style="sha1">%s</archived-checksum></data></file>`, name, offset, length, sum)
}

const checked = `<checksum style="sha1"><offset>0</offset><size>20</size></checksum>`

func open(t testing.TB, content []byte) *Archive {
	t.Helper()
	a, err := Open(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAFileIsReadWhereverItIs(t *testing.T) {
	content := archive(t, checked+file("Bom", HeadBytes, 3, Sum([]byte("abc")))+"<file><name>folder</name>"+file("Scripts", HeadBytes+3, 4, Sum([]byte("defg")))+"</file>", "abcdefg")
	a := open(t, content)
	for name, want := range map[string]string{"Bom": "abc", "Scripts": "defg"} {
		if got, at, err := a.Read(name, 4); err != nil || string(got) != want || string(content[at:][:len(want)]) != want {
			t.Errorf("%s: %q at %d, %v", name, got, at, err)
		}
	}
	for _, name := range []string{"folder", "Payload", ""} {
		if _, _, err := a.Read(name, 4); err == nil || err.Error() != "there is no "+name+" in it" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := a.Read("Scripts", 3); err == nil {
		t.Error("a file may be longer than it may")
	}
}

// A table may say anything.
func TestPlacesThatAreNone(t *testing.T) {
	const most = 1 << 62
	for _, place := range [][2]int64{{HeadBytes, 8}, {HeadBytes + 8, 1}, {HeadBytes - 1, 1}, {-1, 1}, {HeadBytes, 0}, {HeadBytes, -1}, {most, most}, {1<<63 - 1, 1}, {HeadBytes, 1<<63 - 1}} {
		a := open(t, archive(t, checked+file("Bom", place[0], place[1], ""), "abcdefg"))
		if _, _, err := a.Read("Bom", most); err == nil || err.Error() != "there is no Bom in it" {
			t.Errorf("%d bytes at %d: %v", place[1], place[0], err)
		}
	}
	a := open(t, archive(t, checked+file("Bom", HeadBytes, 3, Sum([]byte("abd"))), "abcdefg"))
	if _, _, err := a.Read("Bom", 3); err == nil || err.Error() != "Bom in it: its checksum is another" {
		t.Error(err)
	}
}

func TestArchivesThatAreNone(t *testing.T) {
	whole := archive(t, checked, "")
	huge := bytes.Clone(whole)
	huge[8] = 0x80
	noTable := append(bytes.Clone(whole[:headerBytes]), make([]byte, len(whole))...)
	for want, content := range map[string][]byte{
		"it is no package for Macs":                              []byte("MZ" + strings.Repeat("\x00", 100)),
		"its table of contents is longer than it may be":         huge,
		"its table of contents is damaged":                       archive(t, "", ""),
		"its table of contents cannot be read: XML syntax error": archive(t, "<file>", ""),
		"its table of contents cannot be read: zlib":             noTable,
	} {
		if _, err := Open(bytes.NewReader(content), int64(len(content))); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, signature := range []string{"<signature/>", "<x-signature/>"} {
		if a := open(t, archive(t, signature, "")); !a.Signed {
			t.Errorf("%s is none", signature)
		}
	}
	if open(t, whole).Signed {
		t.Error("nobody signed it")
	}
}

// FuzzOpen: nothing that somebody uploads crashes, or is read from outside of it.
func FuzzOpen(f *testing.F) {
	f.Add(archive(f, checked+file("Scripts", HeadBytes, 3, Sum([]byte("abc"))), "abc"))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := Open(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		if got, at, err := a.Read("Scripts", 1<<20); err == nil && !bytes.Equal(content[at:][:len(got)], got) {
			t.Error("it is read from elsewhere")
		}
	})
}
