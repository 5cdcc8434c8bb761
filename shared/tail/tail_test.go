package tail

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// begun is an archive without its end.
func begun(t *testing.T) []byte {
	t.Helper()
	var file, whole bytes.Buffer
	archive := tar.NewWriter(&file)
	if err := archive.WriteHeader(&tar.Header{Name: "x/first", Mode: 0o644, Size: 5, Format: tar.FormatUSTAR}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write([]byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := archive.Flush(); err != nil {
		t.Fatal(err)
	}
	zipped := gzip.NewWriter(&whole)
	if _, err := zipped.Write(file.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()
}

func TestTheEndIsExchanged(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	text := strings.Repeat("dl1", 500)
	stamped, err := With("x/enroll", text, at)
	if err != nil {
		t.Fatal(err)
	}
	for names, end := range map[string][]byte{"x/first": Empty(), "x/first x/enroll": stamped} {
		zipped, err := gzip.NewReader(bytes.NewReader(append(begun(t), end...)))
		if err != nil {
			t.Fatal(err)
		}
		archive, found := tar.NewReader(zipped), []string{}
		for {
			header, err := archive.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, header.Name)
			if held, err := io.ReadAll(archive); header.Name == "x/enroll" && (err != nil || string(held) != text || header.Mode != 0o600 || header.Uid != 0 || !header.ModTime.Equal(at)) {
				t.Errorf("it holds %q, %v, as %+v", held, err, header)
			}
		}
		if strings.Join(found, " ") != names {
			t.Errorf("found %q, not %s", found, names)
		}
	}
	if !Is(Empty()) || Is(stamped) || Size() != int64(len(Empty())) {
		t.Error("it is not told from another end")
	}
	if _, err := With("x", strings.Repeat("x", 40_000), at); err == nil {
		t.Error("what does not fit was taken")
	}
}

// Packages that were released end in these bytes, and later collectors look for them.
func TestTheEndNeverChanges(t *testing.T) {
	sum := sha256.Sum256(Empty())
	if got := hex.EncodeToString(sum[:]); got != "b08193cf43a91db41bab4fe3cb9221c8e3ab5ecc9c6ece59e4990c7da59a13fc" {
		t.Errorf("it is another: %s", got)
	}
}
