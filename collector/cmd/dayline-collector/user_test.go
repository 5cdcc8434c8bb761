package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/config"
)

// ask calls the contract on the pages' listener, in JSON.
func (p *collectorProcess) ask(token, method, body string) (status int, answer string) {
	p.t.Helper()
	url := "http://" + p.address("web") + "/dayline.admin.v1.AdminService/" + method
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

func TestUsersTokensAndPeople(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, filepath.Join(t.TempDir(), "data"), smallFloor)
	p := serve(t, dir)
	fails := func(code int, say string, args ...string) {
		t.Helper()
		if got, out, words := p.command(args...); got != code || !strings.Contains(words, say) || out != "" {
			t.Errorf("%v: %d %q %q", args, got, out, words)
		}
	}
	p.must("user", "add", "ada@example.com", "--role", "admin")
	fails(exitFailed, "already", "user", "add", "ada@example.com", "--role", "viewer")
	fails(exitUsage, "admin", "user", "remove", "ada@example.com")
	p.must("config", "set", "groups[Support].people", "[]")
	p.must("user", "add", "mia@example.com", "--role", "manager", "--groups", "Support")
	fails(exitUsage, "exclude", "user", "add", "x@example.com", "--role", "viewer", "--groups", "Support", "--all")
	fails(exitUsage, "--all shows everyone", "user", "add", "x@example.com", "--role", "viewer", "--groups", "all")
	fails(exitUsage, "--role", "user", "add", "x@example.com", "--role", "boss")
	fails(exitFailed, "no user", "user", "set", "x@example.com", "--all")
	fails(exitUsage, "nothing to change", "user", "set", "mia@example.com")

	if code, _, words := typing("correct horse battery\n", dir, "user", "password", "mia@example.com"); code != 0 {
		t.Error(words)
	}
	if code, _, words := typing("short\n", dir, "user", "password", "mia@example.com"); code != exitUsage || !strings.Contains(words, "12 characters") {
		t.Errorf("a short password: %d %q", code, words)
	}
	if code, _, words := typing("", dir, "user", "password", "mia@example.com"); code != exitUsage || words == "" {
		t.Errorf("no password: %d %q", code, words)
	}
	status, answer := p.ask("", "SignIn", `{"email":"mia@example.com","password":"correct horse battery"}`)
	if status != http.StatusOK || !strings.Contains(answer, "dayline_") {
		t.Errorf("signing in: %d %s", status, answer)
	}
	p.sessionsOf("mia@example.com")

	token := strings.TrimSpace(p.must("token", "create", "--user", "mia@example.com", "--name", "nightly", "--expires", "2d"))
	if status, answer := p.ask(token, "WhoAmI", "{}"); status != http.StatusOK || !strings.Contains(answer, `"viewable_groups":["Support"]`) {
		t.Errorf("with a token: %d %s", status, answer)
	}
	fails(exitUsage, "a minute to a year", "token", "create", "--user", "mia@example.com", "--expires", "366d")
	tokens := rows(t, p.must("token", "list", "--format", "json"))
	if len(tokens) != 1 || tokens[0]["name"] != "nightly" || tokens[0]["write"] != false {
		t.Fatalf("tokens %v", tokens)
	}
	ends, err := time.Parse(time.RFC3339, tokens[0]["expires"].(string))
	if left := time.Until(ends); err != nil || left > 48*time.Hour || left < 47*time.Hour {
		t.Errorf("it ends at %v: %v", ends, err)
	}
	p.must("token", "revoke", tokens[0]["id"].(string))
	if status, _ := p.ask(token, "WhoAmI", "{}"); status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", status)
	}

	a := p.enroll()
	defer a.HTTP.CloseIdleConnections()
	if _, err := a.Sync(t.Context(), a.Record(5*time.Minute, "letter")); err != nil {
		t.Fatal(err)
	}
	seen := rows(t, p.must("person", "list", "--format", "json"))
	if len(seen) != 1 {
		t.Fatalf("people %v", seen)
	}
	id := seen[0]["id"].(string)
	fails(exitUsage, "nothing to change", "person", "set", id)
	fails(exitFailed, "no person", "person", "set", "nobody", "--name", "Ana")
	p.must("person", "set", id, "--name", "Ana Lima", "--email", "mia@example.com")
	if shown := rows(t, p.must("person", "show", "ana lima", "--format", "json")); shown[0]["id"] != id || shown[0]["listed"] != true {
		t.Errorf("shown %v", shown)
	}
	// Mia sees nobody of Support, since there is nobody, and herself.
	if own := rows(t, p.must("--as", "mia@example.com", "person", "list", "--format", "json")); len(own) != 1 || len(own[0]["logins"].([]any)) != 0 {
		t.Errorf("as mia: %v", own)
	}
	fails(exitFailed, "a manager may not do this", "person", "set", id, "--name", "X", "--as", "mia@example.com")
	fails(exitFailed, `no user "x@example.com"`, "person", "list", "--as", "x@example.com")
	fails(exitUsage, "--as: say which user", "person", "list", "--as", "")
	fails(exitUsage, "--as: say which user", "person", "list", "--as=")
	content, err := os.ReadFile(filepath.Join(dir, config.PeopleFile))
	if err != nil || !strings.Contains(string(content), "Ana Lima") || !strings.Contains(string(content), "# ") {
		t.Errorf("%v in\n%s", err, content)
	}
	p.must("user", "remove", "mia@example.com")
	if users := rows(t, p.must("user", "list", "--format", "json")); len(users) != 1 || users[0]["role"] != "admin" {
		t.Errorf("users %v", users)
	}
}

// sessionsOf ends the one session of a user, and resets what the user signs in with.
func (p *collectorProcess) sessionsOf(email string) {
	p.t.Helper()
	all := rows(p.t, p.must("user", "sessions", "--format", "json"))
	own := rows(p.t, p.must("user", "sessions", email, "--format", "json"))
	as := rows(p.t, p.must("--as", email, "user", "sessions", "--format", "json"))
	if len(all) != 1 || len(own) != 1 || len(as) != 1 || own[0]["email"] != email || own[0]["how"] != "password" || own[0]["address"] != "127.0.0.1" {
		p.t.Fatalf("%v, %v, %v", all, own, as)
	}
	if users := rows(p.t, p.must("user", "list", "--format", "json")); users[1]["sessions"] != 1.0 || users[1]["has_totp"] != false {
		p.t.Errorf("%v", users)
	}
	p.must("user", "sessions", "revoke", own[0]["id"].(string))
	p.must("user", "reset", email)
	if left := rows(p.t, p.must("user", "sessions", "--format", "json")); len(left) != 0 {
		p.t.Errorf("left: %v", left)
	}
}
