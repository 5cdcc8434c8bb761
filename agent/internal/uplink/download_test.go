package uplink_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	"github.com/dayline-project/dayline/shared/release"
)

// got reads what the collector answers.
func (d *device) got(path string, from int64) (status int, text string) {
	d.t.Helper()
	answer, err := d.uplink.Get(d.t.Context(), path, from)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer.StatusCode, string(read)
}

func TestFilesAreHandedToTheDevice(t *testing.T) {
	c := uplinktest.Start(t)
	c.Files = func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(r.URL.Path)))
	}
	d := newDevice(t, c)
	if status, text := d.got(release.Path+"channel.json", 0); status != http.StatusOK || text != release.Path+"channel.json" {
		t.Errorf("%d: %q", status, text)
	}
	if status, text := d.got(release.Path+"channel.json", 4); status != http.StatusPartialContent || text != "ease/channel.json" {
		t.Errorf("%d: %q", status, text)
	}
	// The session is the contacts' too, and is made anew where the collector knows it no longer.
	d.uplink.Sync(t.Context())
	c.Restart()
	if status, _ := d.got(release.Path+"1.2.3/x", 0); status != http.StatusOK {
		t.Errorf("%d after the collector was started anew", status)
	}
	d.uplink.Sync(t.Context())
	if len(c.Syncs) != 2 || !d.uplink.Status().Connected || !d.uplink.Status().Accepted {
		t.Errorf("%d contacts, %+v", len(c.Syncs), d.uplink.Status())
	}
}

func TestRefusalsOfFilesAreAnswers(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	if status, _ := d.got(release.Path+"channel.json", 0); status != http.StatusNotFound {
		t.Errorf("%d", status)
	}
	asked := 0
	c.Lock()
	c.Files = func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path != release.Path+"x" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		http.Redirect(w, r, release.Path+"elsewhere", http.StatusFound)
	}
	c.Unlock()
	if status, _ := d.got(release.Path+"x", 0); status != http.StatusFound || asked != 1 {
		t.Errorf("%d, asked %d times", status, asked)
	}
	c.Lock()
	c.Files = func(w http.ResponseWriter, _ *http.Request) { asked++; w.WriteHeader(http.StatusUnauthorized) }
	c.Unlock()
	if status, _ := d.got(release.Path+"x", 0); status != http.StatusUnauthorized || asked != 3 {
		t.Errorf("%d, asked %d times", status, asked)
	}
	c.Stop()
	if _, err := d.uplink.Get(t.Context(), release.Path+"x", 0); err == nil || strings.Contains(err.Error(), c.Address) {
		t.Errorf("nobody answered: %v", err)
	}
}

// A download that takes its time keeps nobody waiting.
func TestContactsGoOnWhileAFileComes(t *testing.T) {
	c := uplinktest.Start(t)
	going, end := make(chan struct{}), make(chan struct{})
	c.Files = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		close(going)
		<-end
		_, _ = io.WriteString(w, "whole")
	}
	d := newDevice(t, c)
	answer, err := d.uplink.Get(t.Context(), release.Path+"x", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	<-going
	d.append(3)
	d.send()
	d.expectAll(c)
	close(end)
	if text, err := io.ReadAll(answer.Body); err != nil || string(text) != "halfwhole" {
		t.Errorf("%q, %v", text, err)
	}
}

// Files come from the collector that is trusted, and from nobody else.
func TestNoFileComesFromAnother(t *testing.T) {
	c, other := uplinktest.Start(t), uplinktest.Start(t)
	d := newDevice(t, c)
	d.uplink.Sync(t.Context())
	c.Stop()
	c.Authority = other.Authority
	c.Listen(other.Authority.Leaf(t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	_, err := d.uplink.Get(t.Context(), release.Path+"x", 0)
	if err == nil || !strings.Contains(err.Error(), uplink.ErrUntrusted.Error()) {
		t.Errorf("%v", err)
	}
}
