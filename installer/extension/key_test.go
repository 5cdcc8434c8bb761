package extension

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestAKeyIsWrittenOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	key, err := NewKey(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	before, _ := os.ReadFile(file)
	if _, err := NewKey(file); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("it was replaced")
	}
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
		t.Errorf("it left %v", entries)
	}
	if read, err := ReadKey(file); err != nil || !read.Equal(key) {
		t.Errorf("read: %v", err)
	}
	if read, err := ReadPublicKey(file); err != nil || !read.Equal(&key.PublicKey) {
		t.Errorf("its public half: %v", err)
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	key, err := NewKey(filepath.Join(dir, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := put("public.pem", pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: der}))
	if read, err := ReadPublicKey(public); err != nil || !read.Equal(&key.PublicKey) {
		t.Errorf("a public half: %v", err)
	}
	if _, err := ReadKey(public); err == nil || !strings.Contains(err.Error(), "no private key") {
		t.Errorf("a public half as a private key: %v", err)
	}
	for name, content := range map[string][]byte{
		"empty":   nil,
		"text":    []byte("a key\n"),
		"other":   pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"private": pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der}),
		"public":  pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: der[:len(der)-1]}),
	} {
		if _, err := ReadPublicKey(put(name, content)); err == nil {
			t.Errorf("%s was taken for a public key", name)
		}
		if _, err := ReadKey(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was taken for a private key", name)
		}
	}
}

// Several build at once in a fresh tree.
func TestADevelopmentKeyIsOneForAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), ".build", "key.pem")
	var all sync.WaitGroup
	ids := make([]string, 4)
	for i := range ids {
		all.Go(func() {
			key, err := DevelopmentKey(file)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = key.N.String()
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatal("they have different keys")
		}
	}
}
