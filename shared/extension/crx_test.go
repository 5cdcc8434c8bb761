package extension

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"testing"
)

// entries is a zip of files with these names, each as long as its number.
func entries(t testing.TB, names ...string) []byte {
	t.Helper()
	var whole bytes.Buffer
	to := zip.NewWriter(&whole)
	for i, name := range names {
		file, err := to.Create(name)
		if err == nil {
			_, err = file.Write(make([]byte, i))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

func TestUnzipIsBounded(t *testing.T) {
	many := make([]string, maxFiles+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for words, archive := range map[string][]byte{
		"65 files":  entries(t, many...),
		`"a" twice`: entries(t, "a", "a"),
		"zip":       []byte("not one"),
	} {
		if _, err := unzip(archive); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", words, err)
		}
	}
	if files, err := unzip(entries(t, "b/", "a", "b/c")); err != nil || len(files) != 2 {
		t.Errorf("%v, %v", files, err)
	}
}

// Nothing panics, whatever a CRX holds, and none is taken that the key did not pack.
func FuzzCRX(f *testing.F) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	archive := entries(f, "manifest.json", "background.js")
	crx, err := PackCRX(archive, key)
	if err != nil {
		f.Fatal(err)
	}
	if got, err := verifyCRX(crx, &key.PublicKey); err != nil || !bytes.Equal(got, archive) {
		f.Fatal(err)
	}
	f.Add(crx)
	f.Add(crx[:len(crx)-1])
	f.Add(archive)
	f.Add([]byte("Cr24\x03\x00\x00\x00\xff\xff\xff\xff"))
	f.Add([]byte("Cr24\x03\x00\x00\x00\x02\x00\x00\x00\x12\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := verifyCRX(text, &key.PublicKey); err == nil && !bytes.Equal(got, archive) {
			t.Errorf("taken: %q", text)
		}
		if files, err := unzip(text); err == nil && len(files) > maxFiles {
			t.Errorf("%d files", len(files))
		}
	})
}
