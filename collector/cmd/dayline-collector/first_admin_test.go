package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/config"
)

// A new collector writes the link of the first administrator into a file for its owner alone, and into no log; whoever
// opens it is in, once.
func TestFirstAdministrator(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	file := filepath.Join(data, firstAdminFile)
	p.await("there is no administrator yet")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page, code, found := strings.Cut(strings.TrimSpace(string(text)), "/setup#code=")
	if !found || page != "http://"+strings.Replace(p.address("web"), "127.0.0.1", "localhost", 1) || strings.Contains(p.log.String(), code) {
		t.Fatalf("%s in a log of\n%s", text, p.log)
	}
	body := fmt.Sprintf(`{"code":%q,"email":"ada@example.com","password":"correct horse battery","cookie":true}`, code)
	create := func() int {
		status, answer, err := post(t.Context(), page, "CreateFirstAdmin", "", []byte(body))
		if err != nil || strings.Contains(string(answer), "dayline_") {
			t.Fatalf("%s, %v", answer, err)
		}
		return status
	}
	if status := create(); status != http.StatusOK {
		t.Fatal(status, p.log)
	}
	if status := create(); status != http.StatusUnauthorized {
		t.Errorf("again: %d", status)
	}
	p.await("there is an administrator now")
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the link is still there: %v", err)
	}
	people, err := os.ReadFile(filepath.Join(dir, config.PeopleFile))
	if err != nil || !strings.Contains(string(people), "ada@example.com") {
		t.Errorf("%s, %v", people, err)
	}
	_, answer := p.ask("", "SignIn", `{"email":"ada@example.com","password":"correct horse battery"}`)
	token := regexp.MustCompile(`dayline_[^"]*`).FindString(answer)
	if status, who := p.ask(token, "WhoAmI", "{}"); status != http.StatusOK || !strings.Contains(who, `"role":"admin"`) {
		t.Errorf("%s, %d %s", answer, status, who)
	}
	if p.stop() != 0 {
		t.Error(p.log)
	}
	again := serve(t, dir)
	if _, err := os.Stat(file); !os.IsNotExist(err) || strings.Contains(again.log.String(), "there is no administrator yet") {
		t.Errorf("offered again: %v\n%s", err, again.log)
	}
}
