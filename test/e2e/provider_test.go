package e2e

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/openid/openidtest"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/site"
)

// People sign in at the company's provider: a user has a user's rights, a measured person sees its own, and whoever is
// neither is told so.
func TestSignInAtTheProvider(t *testing.T) {
	provider := openidtest.Open(t)
	dir := t.TempDir()
	trusted, secret := filepath.Join(dir, "provider.pem"), filepath.Join(dir, "secret")
	mustDo(t, os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: provider.Certificate().Raw}), 0o600))
	mustDo(t, os.WriteFile(secret, []byte(openidtest.ClientSecret), 0o600))
	t.Setenv("SSL_CERT_FILE", trusted) // what the collector's system trusts
	here := site.New(t, rig.Options{})
	mustDo(t, rig.WriteFile(filepath.Join(here.Collector.Config, "people.yaml"),
		"users: [{email: ada@example.com, role: admin}, {email: max@example.com, role: manager}]\npeople: [{id: p-ana, name: Ana, email: ana@example.com}]\n"))
	file := filepath.Join(here.Collector.Config, "collector.yaml")
	text := string(must(os.ReadFile(file))(t))
	mustDo(t, rig.WriteFile(file, text+fmt.Sprintf("sign_in: {oidc: {issuer: %q, client_id: %s, client_secret_file: %q}}\n",
		provider.Issuer(), openidtest.ClientID, secret)))
	pages := "http://" + strings.Replace(here.Collector.Web, "127.0.0.1", "localhost", 1)
	provider.Redirect = pages + "/sign-in/provider/callback"
	site.Eventually(t, time.Minute, "the provider is in force", func() error {
		if at := goTo(t, provider, pages+"/sign-in/provider", nil).Header.Get("Location"); !strings.HasPrefix(at, provider.Issuer()) {
			return fmt.Errorf("sent to %s", at)
		}
		return nil
	})
	for email, want := range map[string][2]string{
		"max@example.com": {"manager", "/people"}, "ana@example.com": {"person", "/people"}, "eve@example.com": {"", "/sign-in?back=%2Fpeople&failed=unknown"},
	} {
		provider.Email = email
		left := goTo(t, provider, pages+"/sign-in/provider?back=/people", nil)
		there := goTo(t, provider, left.Header.Get("Location"), nil)
		back := goTo(t, provider, there.Header.Get("Location"), left.Cookies())
		if at := back.Header.Get("Location"); at != want[1] {
			t.Errorf("%s: landed at %s", email, at)
		}
		ask := must(http.NewRequestWithContext(t.Context(), http.MethodPost, pages+adminv1connect.AdminServiceWhoAmIProcedure, strings.NewReader("{}")))(t)
		ask.Header.Set("Content-Type", "application/json")
		for _, cookie := range back.Cookies() {
			if !cookie.HttpOnly || !cookie.Secure || cookie.Path != "/" || cookie.Domain != "" {
				t.Errorf("%s: %v", email, cookie)
			}
			ask.AddCookie(cookie)
		}
		answer := must(http.DefaultClient.Do(ask))(t)
		var who struct{ User, Role string }
		mustDo(t, json.NewDecoder(answer.Body).Decode(&who))
		mustDo(t, answer.Body.Close())
		if who.Role != want[0] || want[0] != "" && who.User != email {
			t.Errorf("%s: %d, %+v", email, answer.StatusCode, who)
		}
	}
}

// goTo gives what a browser with these cookies is answered.
func goTo(t *testing.T, provider *openidtest.Provider, address string, cookies []*http.Cookie) *http.Response {
	t.Helper()
	request := must(http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))(t)
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	answer := must(provider.Browser().Do(request))(t)
	mustDo(t, answer.Body.Close())
	return answer
}
