package shelf

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/release"
)

const zst = "dayline-agent-1.2.3-linux-amd64.zst"

// fetched gives what is handed out below release.Path.
func fetched(r *Releases, method, name string, headers ...string) *httptest.ResponseRecorder {
	answer, request := httptest.NewRecorder(), httptest.NewRequest(method, release.Path+name, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	r.Handler().ServeHTTP(answer, request)
	return answer
}

// Agents get each file that they verify, and the update of each system, whole or in parts; and nothing else that is there.
func TestAgentsGetWhatTheyUpdateThemselvesBy(t *testing.T) {
	dir, key, second := t.TempDir(), shelftest.Signer(t), shelftest.Signer(t)
	r := openTrusting(t, dir, shelftest.Trust(1, key))
	files := shelftest.Signed(t, shelftest.Updating(t, "1.2.3", release.Linux, release.Windows, release.MacOS), key)
	keys := shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, key, second)), key)
	channel := shelftest.Signed(t, shelftest.Channel(t, 1, issued, "1.2.3", ""), key)
	addSigned(t, r, both(files, keys, channel))
	for _, opened := range []*Releases{r, openTrusting(t, dir, shelftest.Trust(1, key))} {
		for name, content := range both(keys, channel) {
			if got := fetched(opened, "GET", name); got.Code != http.StatusOK || got.Body.String() != string(content) {
				t.Errorf("%s: %d, %q", name, got.Code, got.Body)
			}
		}
		for name, content := range files {
			got, isUpdate := fetched(opened, "GET", "1.2.3/"+name), strings.HasSuffix(name, ".zst") || strings.HasSuffix(name, ".tar.gz")
			if isUpdate || IsLetter(name) {
				if got.Code != http.StatusOK || got.Body.String() != string(content) {
					t.Errorf("%s: %d, %q", name, got.Code, got.Body)
				}
			} else if got.Code != http.StatusNotFound {
				t.Errorf("%s, which installs: %d", name, got.Code)
			}
		}
	}
	whole := string(files[zst])
	if got := fetched(r, "GET", "1.2.3/"+zst, "Range", "bytes=5-"); got.Code != http.StatusPartialContent || got.Body.String() != whole[5:] {
		t.Errorf("from the fifth byte: %d, %q", got.Code, got.Body)
	}
	if got := fetched(r, "GET", "1.2.3/"+zst, "Range", "bytes=99999-"); got.Code != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("from behind its end: %d", got.Code)
	}
	head := fetched(r, "HEAD", "1.2.3/"+zst)
	if head.Code != http.StatusOK || head.Body.Len() > 0 || head.Header().Get("Content-Length") == "" || len(head.Header().Get("ETag")) != 66 {
		t.Errorf("HEAD: %d, %v", head.Code, head.Header())
	}
	for _, name := range []string{"", "1.2.3", "1.2.3/", "1.2.4/" + zst, "1.2.3/1.2.3/" + zst, "release.json", zst, "1.2.3/channel.json", "channel-1.json", "../1.2.3/" + zst} {
		if got := fetched(r, "GET", name); got.Code != http.StatusNotFound {
			t.Errorf("%q: %d", name, got.Code)
		}
	}
	if got := fetched(r, "POST", "channel.json"); got.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.Code)
	}
}

// What was withdrawn, or lies there damaged, no agent is sent; what says that it was, it is.
func TestWhatWasWithdrawnNoAgentGets(t *testing.T) {
	dir, key := t.TempDir(), shelftest.Signer(t)
	r := openTrusting(t, dir, shelftest.Trust(1, key))
	addSigned(t, r, shelftest.Signed(t, shelftest.Updating(t, "1.2.3", release.Linux), key))
	addSigned(t, r, shelftest.Signed(t, shelftest.Channel(t, 1, issued, "1.3.0", "", "1.2.3"), key))
	if got := fetched(r, "GET", "1.2.3/"+zst); got.Code != http.StatusNotFound || !strings.Contains(got.Body.String(), "it was withdrawn") {
		t.Errorf("%d, %q", got.Code, got.Body)
	}
	if got := fetched(r, "GET", "channel.json"); got.Code != http.StatusOK {
		t.Errorf("the channel: %d", got.Code)
	}
	addSigned(t, r, shelftest.Signed(t, shelftest.Channel(t, 2, issued, "1.3.0", ""), key))
	if err := os.WriteFile(filepath.Join(dir, ReleasesFolder, "1.2.3", zst), []byte("another program"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := fetched(r, "GET", "1.2.3/"+zst); got.Code != http.StatusInternalServerError || !strings.Contains(got.Body.String(), "not what was added") {
		t.Errorf("%d, %q", got.Code, got.Body)
	}
	if err := os.WriteFile(filepath.Join(dir, ReleasesFolder, "channel-2.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := fetched(openTrusting(t, dir, shelftest.Trust(1, key)), "GET", "channel.json"); got.Code != http.StatusNotFound {
		t.Errorf("a channel that nobody signed: %d", got.Code)
	}
}

// Nobody installs by what agents update themselves by.
func TestAnUpdateInstallsNothing(t *testing.T) {
	r := openReleases(t, t.TempDir())
	files := shelftest.Updating(t, "1.2.3", release.Linux)
	for name := range files {
		if strings.HasSuffix(name, ".rpm") {
			delete(files, name)
		}
	}
	one := addTo(t, r, files)
	if _, err := r.Choose(release.Linux, ""); collector.CodeOf(err) != collector.NotFound {
		t.Errorf("chosen: %v", err)
	}
	if held, err := one.Package(release.Linux, release.AMD64, release.Zst); err != nil || held.Stamp != nil {
		t.Errorf("%+v, %v", held, err)
	}
}

func TestWhatAgentsAimAt(t *testing.T) {
	key := shelftest.Signer(t)
	r := openTrusting(t, t.TempDir(), shelftest.Trust(1, key))
	now := issued
	aim := func(system, pinned string) string {
		t.Helper()
		one, err := r.Aim(system, pinned, now)
		switch {
		case err == nil:
			return one.Version.String()
		case collector.CodeOf(err) != collector.NotFound:
			t.Error(err)
		}
		return err.Error()
	}
	number := 0
	channel := func(newest, floor string, withdrawn ...string) {
		t.Helper()
		number++
		addSigned(t, r, shelftest.Signed(t, shelftest.Channel(t, number, issued, newest, floor, withdrawn...), key))
	}
	expect := func(system, pinned, want string) {
		t.Helper()
		if got := aim(system, pinned); !strings.Contains(got, want) {
			t.Errorf("%s %q: %s, not %s", system, pinned, got, want)
		}
	}
	for _, version := range []string{"1.1.0", "1.2.0", "1.3.0-rc.1", "1.3.0"} {
		addSigned(t, r, shelftest.Signed(t, shelftest.Updating(t, version, release.Linux), key))
	}
	addSigned(t, r, shelftest.Signed(t, shelftest.Released(t, "1.2.5", release.Linux), key)) // installs only
	expect(release.Linux, "", "there is no channel.json")
	expect(release.Linux, "1.1.0", "there is no channel.json")
	channel("1.2.9", "")
	expect(release.Linux, "", "1.2.0")
	expect(release.Linux, "1.3.0", "1.3.0")
	expect(release.Linux, "1.2.5", "which is not on the shelf")
	expect(release.Windows, "", "no update for windows up to 1.2.9")
	expect(release.MacOS, "", "says nothing of macos")
	channel("1.3.0-rc.1", "")
	expect(release.Linux, "", "1.3.0-rc.1")
	channel("1.3.0", "1.2.0")
	expect(release.Linux, "", "1.3.0")
	expect(release.Linux, "1.1.0", "below the oldest version")
	channel("1.4.0", "", "1.3.0")
	expect(release.Linux, "", "1.2.0")
	expect(release.Linux, "1.3.0", "it was withdrawn")
	now = now.Add(release.ChannelLasts)
	expect(release.Linux, "", "expired on 2026-05-31")
	plain := openReleases(t, t.TempDir())
	if _, err := plain.Aim(release.Linux, "", now); err == nil || !strings.Contains(err.Error(), "without release keys") {
		t.Error(err)
	}
}

func TestTheUpdateForAComputer(t *testing.T) {
	r := openReleases(t, t.TempDir())
	one := addTo(t, r, shelftest.Updating(t, "1.2.3", release.Linux, release.Windows, release.MacOS))
	for computer, want := range map[[2]string]string{
		{release.Linux, release.ARM64}: "linux-arm64.zst", {release.Windows, release.AMD64}: "windows-amd64.zst",
		{release.MacOS, release.AMD64}: "macos-universal.tar.gz", {release.MacOS, release.ARM64}: "macos-universal.tar.gz",
	} {
		if p, err := one.UpdateFor(computer[0], computer[1]); err != nil || p.Name != "dayline-agent-1.2.3-"+want {
			t.Errorf("%v: %+v, %v", computer, p, err)
		}
	}
	var refusal *collector.Error
	if _, err := one.UpdateFor(release.Linux, "riscv64"); !errors.As(err, &refusal) || refusal.Code != collector.NotFound {
		t.Errorf("%v", err)
	}
}
