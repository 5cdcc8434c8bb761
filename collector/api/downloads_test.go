package api

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/release"
)

// ask gives what is answered to a device at an address, with its token.
func ask(t *testing.T, client *http.Client, method, address, token string, headers ...string) (answer *http.Response, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	if answer, err = client.Do(request); err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(read)
}

const zst = "1.2.3/dayline-agent-1.2.3-linux-amd64.zst"

func TestDevicesFetchUpdatesOnceSignedIn(t *testing.T) {
	key := shelftest.Signer(t)
	h := open(t, t.TempDir(), func(h *house, _ *Options, _ *serverBounds) { h.trusted = shelftest.Trust(1, key) })
	files := shelftest.Signed(t, shelftest.Updating(t, "1.2.3", release.Linux), key)
	channel := shelftest.Signed(t, shelftest.Channel(t, 1, h.now(), "1.2.3", ""), key)
	for _, sent := range []map[string][]byte{files, channel} {
		if _, err := h.shelf.Add(shelftest.Sent(sent)); err != nil {
			t.Fatal(err)
		}
	}
	a := h.enrolled()
	get := func(name, token string, headers ...string) (*http.Response, string) {
		t.Helper()
		return ask(t, a.HTTP, http.MethodGet, h.url()+release.Path+name, token, headers...)
	}
	program := string(files[strings.TrimPrefix(zst, "1.2.3/")])
	for name, want := range map[string]string{zst: program, "channel.json": string(channel[release.ChannelName]), "1.2.3/release.json.sig": string(files["release.json.sig"])} {
		if answer, text := get(name, a.Token); answer.StatusCode != http.StatusOK || text != want || answer.ContentLength != int64(len(want)) {
			t.Errorf("%s: %s, %q", name, answer.Status, text)
		}
		for _, token := range []string{"", "guessed", a.Token[1:]} {
			if answer, text := get(name, token); answer.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "sign in first") {
				t.Errorf("%s by %q: %s, %q", name, token, answer.Status, text)
			}
		}
	}
	if answer, text := get(zst, a.Token, "Range", "bytes=10-"); answer.StatusCode != http.StatusPartialContent || text != program[10:] {
		t.Errorf("%s, %q", answer.Status, text)
	}
	if answer, _ := get("../livez", ""); answer.Request.URL.Path != "/livez" {
		t.Errorf("above it is %s", answer.Request.URL)
	}
	h.later(sessionFor)
	if answer, text := get(zst, a.Token); answer.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "sign in again") {
		t.Errorf("an hour later: %s, %q", answer.Status, text)
	}
	if err := a.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	former := a.Token
	if _, err := a.Rekey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if answer, text := get(zst, former); answer.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "the key was replaced") {
		t.Errorf("by a key that was replaced: %s, %q", answer.Status, text)
	}
	if err := a.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.admin.RevokeDevice(t.Context(), deviceRequest(a)); err != nil {
		t.Fatal(err)
	}
	if answer, text := get(zst, a.Token); answer.StatusCode != http.StatusForbidden || !strings.Contains(text, "revoked") {
		t.Errorf("revoked: %s, %q", answer.Status, text)
	}
}

// stalled hands a download out when it is told to.
type stalled struct{ begun, end chan struct{} }

// ServeHTTP of http.Handler.
func (s *stalled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, ".zst") {
		s.begun <- struct{}{}
		<-s.end
	}
	_, _ = io.WriteString(w, "whole")
}

// A device that fetches an update fetches nothing else, but its syncs go on; and so does the channel where all places are taken.
func TestDownloadsHavePlacesOfTheirOwn(t *testing.T) {
	h := open(t, t.TempDir())
	files := &stalled{begun: make(chan struct{}), end: make(chan struct{})}
	server := httptest.NewServer(h.agents.fetched(files))
	t.Cleanup(server.Close)
	a, b, c := h.enrolled(), h.enrolled(), h.enrolled()
	h.agents.downloads.places.TryAcquire(maxDownloads - 1)
	ended := make(chan string)
	go func() {
		_, text := ask(t, server.Client(), http.MethodGet, server.URL+release.Path+zst, a.Token)
		ended <- text
	}()
	<-files.begun
	for _, turned := range []struct {
		by         *apitest.Agent
		name, want string
	}{{a, zst, "another download of this device"}, {a, "channel.json", "another download of this device"}, {b, zst, "as many devices"}} {
		answer, text := ask(t, server.Client(), http.MethodGet, server.URL+release.Path+turned.name, turned.by.Token)
		if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "60" || !strings.Contains(text, turned.want) {
			t.Errorf("%s: %s, %q", turned.name, answer.Status, text)
		}
	}
	if answer, text := ask(t, server.Client(), http.MethodGet, server.URL+release.Path+"channel.json", c.Token); answer.StatusCode != http.StatusOK || text != "whole" {
		t.Errorf("the channel: %s, %q", answer.Status, text)
	}
	if _, err := a.Sync(t.Context(), a.Record(time.Minute, "meanwhile")); err != nil {
		t.Error(err)
	}
	close(files.end)
	if text := <-ended; text != "whole" {
		t.Errorf("it ends as %q", text)
	}
	go func() { <-files.begun }()
	if answer, text := ask(t, server.Client(), http.MethodGet, server.URL+release.Path+zst, b.Token); answer.StatusCode != http.StatusOK || text != "whole" {
		t.Errorf("when a place is free: %s, %q", answer.Status, text)
	}
}

// endless hands out without an end, and tells why it could not.
type endless struct{ ended chan error }

// ServeHTTP of http.Handler.
func (e *endless) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	piece := make([]byte, 32<<10)
	for {
		if _, err := w.Write(piece); err != nil {
			e.ended <- err
			return
		}
	}
}

// Who reads slowly, or nothing, is cut off, and so is who reads for ever.
func TestSlowDownloadsAreCutOff(t *testing.T) {
	h := open(t, t.TempDir())
	h.agents.downloads.within = 300 * time.Millisecond
	files := &endless{ended: make(chan error, 1)}
	a := h.enrolled()
	for name, read := range map[string]func(body io.Reader){
		"nothing":    func(io.Reader) {},
		"everything": func(body io.Reader) { _, _ = io.Copy(io.Discard, body) },
	} {
		for _, protocol := range []int{1, 2} {
			server := httptest.NewUnstartedServer(h.agents.fetched(files))
			server.EnableHTTP2 = protocol == 2
			server.StartTLS()
			ctx, cancel := context.WithCancel(t.Context())
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+release.Path+zst, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer "+a.Token)
			answer, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			if answer.ProtoMajor != protocol {
				t.Errorf("it is HTTP/%d", answer.ProtoMajor)
			}
			read(answer.Body)
			if err := <-files.ended; err == nil { // it comes: the test would not end
				t.Errorf("%s: it came to its end", name)
			}
			cancel()
			answer.Body.Close()
			server.Close() // what it served has ended then
			if one := h.agents.devices.find(a.Credential.Device); !one.beginFetch() {
				t.Errorf("%s: its one download is still under way", name)
			} else {
				one.endFetch()
			}
		}
	}
}

// All downloads together go at one pace, however many there are.
func TestDownloadsGoAtAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, began := newDownloads(), time.Now()
		const devices, pieces, bytes = 10, 100, 32 << 10
		var wait sync.WaitGroup
		for range devices {
			wait.Go(func() {
				for range pieces {
					if err := d.turn(t.Context(), bytes); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		want := time.Duration(devices*pieces*bytes) * time.Second / fetchPace
		if took := time.Since(began); took > want || took < want-2*leastWait {
			t.Errorf("%d bytes took %s, not %s", devices*pieces*bytes, took, want)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		_ = d.turn(t.Context(), fetchPace)
		if err := d.turn(gone, bytes); err == nil || time.Since(began) > want {
			t.Errorf("who left is waited for: %v", err)
		}
	})
}
