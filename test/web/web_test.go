// Package web tries the pages as people use them: real Chromium, driven by Playwright, at a real collector with a studio's six
// weeks. The tests themselves are TypeScript, beside the pages (collector/web/app/test); here is what they stand on.
package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/studio"
)

// TestPages runs each file of tests against a studio of its own: some change what others look at.
func TestPages(t *testing.T) {
	bin, err := rig.Build()
	if err != nil {
		t.Fatal(err)
	}
	root, err := rig.Root()
	if err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(root, "collector", "web", "app")
	files, err := filepath.Glob(filepath.Join(app, "test", "*.test.ts"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of pages: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.ts"), func(t *testing.T) {
			t.Parallel()
			s := open(t, bin, filepath.Base(file))
			built(t, s.Collector.Web)
			told, err := studio.Told(s.Collector, studio.Users)
			if err != nil {
				t.Fatal(err)
			}
			going := httptest.NewServer(contact(s))
			defer going.Close()
			run(t, app, file, "DAYLINE_STUDIO="+told, "DAYLINE_CONTACT="+going.URL)
		})
	}
}

// open gives the studio that a file's tests are for.
func open(t *testing.T, bin rig.Binaries, file string) *studio.Studio {
	var trusting rig.Trusting
	if strings.HasPrefix(file, "updates.") {
		var err error
		if trusting, err = rig.BuildTrusting(); err != nil {
			t.Fatal(err)
		}
		bin = trusting.Binaries
	}
	s, err := studio.Open(t.Context(), bin, t.TempDir(), rig.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Collector.Stop(); err != nil {
			t.Error(err)
		}
	})
	switch {
	case trusting.Key != "":
		err = s.Update(t.Context(), trusting.Key)
	case strings.HasPrefix(file, "outside."):
		err = s.Stranger(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// built looks that the collector has pages: one built without them says so at every address.
func built(t *testing.T, web string) {
	answer, err := http.Get("http://" + web + "/")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the pages were not built (%s): run make pages", answer.Status)
	}
}

// contact has the studio's computers heard of again whenever a test asks for it: what goes on there goes on.
func contact(s *studio.Studio) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.Contact(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// passed is in what a run says that had tests.
var passed = regexp.MustCompile(`(?m)^# pass [1-9]`)

// run runs one file of tests and shows what it says where it fails.
func run(t *testing.T, app, file string, told ...string) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--import", "tsx", "--test", "--test-reporter=tap", file)
	cmd.Dir, cmd.Env = app, append(os.Environ(), told...)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !passed.Match(output) {
		t.Fatalf("no test was run:\n%s", output)
	}
}
