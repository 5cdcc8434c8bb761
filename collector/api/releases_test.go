package api

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/settings"
)

// stock gives the office a shelf, by a build that trusts keys or none.
func (o *office) stock(trusted release.Trusted) {
	o.t.Helper()
	var err error
	o.admin.Releases, err = shelf.OpenReleases(o.dir, trusted, func(bytes int64) error { return o.agents.disk.Room(bytes) })
	o.check(err)
	o.admin.Rollouts = o.newRollouts(o.admin.Releases, func() *settings.Account { return o.set.Load().Account })
}

// formed gives files as browsers send them, what is signed first.
func formed(t *testing.T, files map[string][]byte) (body []byte, contentType string) {
	t.Helper()
	var text bytes.Buffer
	form := multipart.NewWriter(&text)
	put := func(name string) {
		part, err := form.CreateFormFile("file", name)
		if err == nil {
			_, err = part.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, first := range []bool{true, false} {
		for name := range files {
			if shelf.IsLetter(name) == first {
				put(name)
			}
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return text.Bytes(), form.FormDataContentType()
}

// upload sends a body to the pages' listener; token may be empty.
func (o *office) upload(token string, body io.Reader, contentType string) (status int, text string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.web.URL+ReleasePath, body)
	o.check(err)
	r.Header.Set("Content-Type", contentType)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	o.check(err)
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	o.check(err)
	return answer.StatusCode, string(read)
}

func (o *office) releases() *adminv1.ListReleasesResponse {
	o.t.Helper()
	answer, err := o.as(ada).ListReleases(o.t.Context(), connect.NewRequest(&adminv1.ListReleasesRequest{}))
	o.check(err)
	return answer.Msg
}

func TestAReleaseIsUploadedAndTakenOff(t *testing.T) {
	o := openOffice(t)
	o.stock(release.Trusted{})
	for _, choice := range o.releases().Choices {
		if choice.Version != "" || !strings.Contains(choice.Problem, "release add") {
			t.Errorf("of an empty shelf: %v", choice)
		}
	}
	body, contentType := formed(t, shelftest.Released(t, "1.2.3", release.Windows, release.Linux))
	status, text := o.upload(o.token(ada, true), bytes.NewReader(body), contentType)
	var added struct {
		Release struct {
			Version  string
			Signed   bool
			Packages []struct{ Name, Carrier string }
		}
	}
	if err := json.Unmarshal([]byte(text), &added); err != nil || status != 200 || added.Release.Version != "1.2.3" || added.Release.Signed || len(added.Release.Packages) != 4 {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	now := o.releases()
	if len(now.Releases) != 1 || now.Releases[0].Issued != "2026-03-02T12:00:00Z" || len(now.Releases[0].Packages) != 4 {
		t.Errorf("on the shelf: %v", now.Releases)
	}
	for _, p := range now.Releases[0].Packages {
		if want := map[string]string{"windows": "inside", "linux": "beside"}[p.Os]; p.Carrier != want || p.Problem != "" || len(p.Sha256) != 64 {
			t.Errorf("%v", p)
		}
	}
	must(o.as(ada).SetConfig(t.Context(), connect.NewRequest(&adminv1.SetConfigRequest{File: config.AccountFile, Key: "updates.linux.pinned", Value: "1.2.4"})))(t)
	for _, choice := range o.releases().Choices {
		want := map[string]string{"windows": "1.2.3"}[choice.Os]
		if choice.Version != want || (choice.Problem == "") != (want != "") || (choice.Pinned == "1.2.4") != (choice.Os == "linux") {
			t.Errorf("%v", choice)
		}
	}
	remove := func() error {
		_, err := o.as(ada).RemoveRelease(t.Context(), connect.NewRequest(&adminv1.RemoveReleaseRequest{Version: "1.2.3"}))
		return err
	}
	o.check(remove())
	if err := remove(); connect.CodeOf(err) != connect.CodeNotFound || len(o.releases().Releases) != 0 {
		t.Errorf("removed twice: %v", err)
	}
	var told []string
	for _, e := range must(o.as(ada).ListAudit(t.Context(), connect.NewRequest(&adminv1.ListAuditRequest{Action: "release"})))(t).Msg.Entries {
		told = append(told, e.Actor+" "+e.Action+" "+e.Subject)
	}
	if got := strings.Join(told, ", "); got != ada+" release.add 1.2.3, "+ada+" release.remove 1.2.3" {
		t.Errorf("written down: %s", got)
	}
}

// Who stole an administrator's token, or the collector, has no key that signs.
func TestATokenPutsNothingUnsignedOnTheShelf(t *testing.T) {
	o := openOffice(t)
	key, stolen := shelftest.Signer(t), shelftest.Signer(t)
	o.stock(shelftest.Trust(1, key, stolen))
	admin := o.token(ada, true)
	send := func(files map[string][]byte) (int, string) {
		body, contentType := formed(t, files)
		return o.upload(admin, bytes.NewReader(body), contentType)
	}
	plain, other := shelftest.Released(t, "1.2.3", release.Linux), shelftest.Signer(t)
	channel := func(version int) map[string][]byte {
		return shelftest.Channel(t, version, o.now(), "1.3.0", "", "1.2.3")
	}
	before := o.state()
	for _, files := range []map[string][]byte{plain, shelftest.Signed(t, plain, other), channel(1), shelftest.Signed(t, channel(1), other)} {
		if status, text := send(files); status != 400 || !strings.Contains(text, "no trusted key signed it") {
			t.Errorf("%d %q", status, text)
		}
	}
	if now := o.releases(); o.state() != before || len(now.Releases) > 0 || now.Channel != nil || now.Trusted != 1 {
		t.Errorf("on the shelf: %v", now)
	}
	if status, text := send(shelftest.Signed(t, plain, key)); status != 200 || !strings.Contains(text, `"signed":true`) {
		t.Errorf("%d %s", status, text)
	}
	// The keys without the stolen one, and a channel by itself.
	if status, text := send(shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(2, key)), key)); status != 200 || text != `{"trusted":2}` {
		t.Errorf("%d %s", status, text)
	}
	if status, text := send(shelftest.Signed(t, channel(1), stolen)); status != 400 || !strings.Contains(text, "is none of them") {
		t.Errorf("%d %s", status, text)
	}
	if status, text := send(shelftest.Signed(t, channel(2), key)); status != 200 || !strings.Contains(text, `"version":2`) {
		t.Errorf("%d %s", status, text)
	}
	now := o.releases()
	if c := now.Channel; c == nil || c.Version != 2 || c.Expired || len(c.Withdrawn) != 1 || now.Trusted != 2 || !now.Releases[0].Signed {
		t.Errorf("%v", now)
	}
	for _, p := range now.Releases[0].Packages {
		if !strings.Contains(p.Problem, "1.2.3: it was withdrawn") {
			t.Errorf("%v", p)
		}
	}
	if linux := now.Choices[2]; linux.Version != "" || !strings.Contains(linux.Problem, "it was withdrawn") {
		t.Errorf("%v", linux)
	}
	o.later(release.ChannelLasts)
	if c := o.releases().Channel; !c.Expired {
		t.Errorf("after 90 days: %v", c)
	}
	var told []string
	for _, e := range must(o.as(ada).ListAudit(t.Context(), connect.NewRequest(&adminv1.ListAuditRequest{Action: "release"})))(t).Msg.Entries {
		told = append(told, e.Action+" "+e.Subject)
	}
	if got := strings.Join(told, ", "); got != "release.add 1.2.3, release.keys 2, release.channel 2" {
		t.Errorf("written down: %s", got)
	}
	// Of keys that did not sign the channel it is said at once what follows.
	admin = o.token(ada, true)
	if status, text := send(shelftest.Signed(t, shelftest.Keys(t, shelftest.Trust(3, other)), key)); status != 200 ||
		!strings.Contains(text, `"trusted":3`) || !strings.Contains(text, "nothing is handed out until") {
		t.Errorf("%d %s", status, text)
	}
}

func TestUploadsRefused(t *testing.T) {
	o := openOffice(t)
	o.stock(release.Trusted{})
	body, contentType := formed(t, shelftest.Released(t, "1.2.3", release.Linux))
	before := o.state()
	admin := o.token(ada, true)
	other, otherType := formed(t, map[string][]byte{release.ManifestName: []byte("{}"), "large": make([]byte, 8<<20)})
	for _, c := range []struct {
		token, contentType string
		body               io.Reader
		status             int
		words              string
	}{
		{"", contentType, bytes.NewReader(body), 401, "sign in first"},
		{o.token(ada, false), contentType, bytes.NewReader(body), 403, "only reads"},
		{o.token(cleo, true), contentType, bytes.NewReader(body), 403, "a configurator may not"},
		{admin, "application/json", strings.NewReader("{}"), 400, "multipart/form-data"},
		{admin, "multipart/form-data", bytes.NewReader(body), 400, "multipart/form-data"},
		{admin, contentType, bytes.NewReader(nil), 400, "ended before its end"},
		{admin, contentType, bytes.NewReader(body[:len(body)/2]), 400, "ended before its end"},
		{admin, contentType, bytes.NewReader(body[:len(body)-4]), 400, "ended before its end"},
		{admin, otherType, bytes.NewReader(other), 400, `product: "" is not dayline-agent`},
	} {
		if status, text := o.upload(c.token, c.body, c.contentType); status != c.status || !strings.Contains(text, c.words) {
			t.Errorf("%q: %d %q", c.words, status, text)
		}
	}
	o.agents.disk = NewDisk(o.house.dir, 1<<60)
	if status, text := o.upload(admin, bytes.NewReader(body), contentType); status != 503 || !strings.Contains(text, "no room") {
		t.Errorf("below the disk's floor: %d %q", status, text)
	}
	if o.state() != before || len(o.releases().Releases) != 0 {
		t.Error("what was refused is written down")
	}
}

// A session that ends while a release arrives adds none.
func TestAnUploadEndsWithItsSession(t *testing.T) {
	o := openOffice(t)
	o.stock(release.Trusted{})
	body, contentType := formed(t, shelftest.Released(t, "1.2.3", release.Linux))
	first, rest := bytes.NewReader(body[:len(body)/2]), bytes.NewReader(body[len(body)/2:])
	token := o.token(ada, true)
	ends := readerFunc(func([]byte) (int, error) {
		tokens := must(o.asBySocket("").ListTokens(t.Context(), connect.NewRequest(&adminv1.ListTokensRequest{})))(t).Msg.Tokens
		for _, one := range tokens {
			must(o.asBySocket("").RevokeToken(t.Context(), connect.NewRequest(&adminv1.RevokeTokenRequest{Id: one.Id})))(t)
		}
		return 0, io.EOF
	})
	if status, text := o.upload(token, io.MultiReader(first, ends, rest), contentType); status != 401 {
		t.Errorf("%d %q", status, text)
	}
	if left := o.admin.Releases.List(); len(left) != 0 {
		t.Errorf("%d releases were added", len(left))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
