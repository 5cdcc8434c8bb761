package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// The page that every page address gives, and the folder of what it loads: built files whose names change with their
// content.
const (
	shell  = "index.html"
	assets = "assets/"
)

// notBuilt is served in place of pages that are not there.
const notBuilt = "The pages were not built: run `make build`.\n"

// file is one built file.
type file struct {
	contentType string
	etag        string
	plain       []byte
	// small is the same as gzip, or nil where that saves nothing.
	small func() []byte
}

// pages serves what was built; every address of a page gives the one page that draws them all.
func pages(built fs.FS) http.Handler {
	files := load(built)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "pages are only read", http.StatusMethodNotAllowed)
			return
		}
		if files[shell] == nil {
			http.Error(w, notBuilt, http.StatusServiceUnavailable)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		f := files[name]
		switch {
		case f == nil && !isPage(name):
			http.Error(w, "there is no such file", http.StatusNotFound)
			return
		case f == nil:
			f = files[shell]
		}
		if strings.HasPrefix(name, assets) {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		f.serve(w, r)
	})
}

// isPage tells page addresses from those of files, which have an extension and lie in assets/ or at the top. A page's
// address may hold anything's name.
func isPage(name string) bool {
	return !strings.HasPrefix(name, assets) && (strings.Contains(name, "/") || path.Ext(name) == "")
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	content := f.plain
	w.Header().Set("Content-Type", f.contentType)
	w.Header().Set("Vary", "Accept-Encoding")
	w.Header().Set("ETag", f.etag)
	if takesGzip(r) {
		if small := f.small(); small != nil {
			w.Header().Set("Content-Encoding", "gzip")
			content = small
		}
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// takesGzip as browsers say it; a q-value of 0 is said by none of them.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, _, weighted := strings.Cut(part, ";")
		if !weighted && strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return true
		}
	}
	return false
}

// load reads the built files by their paths, without the one that keeps the folder.
func load(built fs.FS) map[string]*file {
	files := map[string]*file{}
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		content, err := fs.ReadFile(built, name)
		files[name] = newFile(name, content)
		return err
	})
	if err != nil {
		panic(err) // they are part of the program
	}
	return files
}

func newFile(name string, content []byte) *file {
	hash := sha256.Sum256(content)
	return &file{
		contentType: contentType(name),
		// Weak: it is of the content, packed or not.
		etag:  `W/"` + base64.RawURLEncoding.EncodeToString(hash[:12]) + `"`,
		plain: content,
		small: sync.OnceValue(func() []byte { return packed(content) }),
	}
}

// types of what is built. The system's own table, which mime reads, is another on each computer.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml", ".png": "image/png",
	".ico": "image/x-icon", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

func contentType(name string) string {
	if known := types[path.Ext(name)]; known != "" {
		return known
	}
	return "application/octet-stream"
}

// packed is the content as gzip, nil where less than a tenth is saved.
func packed(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil || out.Len() > len(content)*9/10 {
		return nil
	}
	return out.Bytes()
}
