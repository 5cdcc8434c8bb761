package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/release"
)

// opened gives status and body of an address.
func opened(t *testing.T, client *http.Client, address string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// A link is opened on either listener, is told once, and is named as browsers can come to it.
func TestLinks(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	a := p.enroll()
	create := []string{"link", "create", "--os", "linux"}
	if out := p.must(create...); strings.Count(out, "\n") != 1 {
		t.Errorf("without a release: %q", out)
	}
	p.must("release", "add", unpack(t, shelftest.Released(t, "1.2.3", release.Linux)))
	address, commands, _ := strings.Cut(p.must(create...), "\n")
	secret, found := strings.CutPrefix(address, "https://127.0.0.1:8443/install/")
	if !found || len(secret) != 43 || strings.Count(commands, "\n# 1.2.3 rpm (a") != 2 || !strings.Contains(commands, "--pinnedpubkey") {
		t.Errorf("%s\n%s", address, commands)
	}
	if code, page := opened(t, http.DefaultClient, "http://"+p.address("web")+"/install/"+secret); code != http.StatusOK || !strings.Contains(page, "1.2.3") {
		t.Errorf("the pages' listener: %d %s", code, page)
	}
	if code, text := opened(t, a.HTTP, "https://"+p.address("agents")+"/install/"+secret+"/enroll"); code != http.StatusOK || !strings.HasPrefix(text, "dl1") {
		t.Errorf("the agents' listener: %d %s", code, text)
	}
	if listed := p.must("link", "list", "--format", "json") + p.must("audit", "list", "--format", "json"); strings.Contains(listed, secret) || !strings.Contains(listed, "link.download") {
		t.Errorf("listed: %s", listed)
	}
	a.HTTP.CloseIdleConnections()
	p.stop()
	if strings.Contains(p.log.String(), secret) {
		t.Error("the link is in the log")
	}

	write(t, dir, data, "web_url: https://pages.example.com\n"+smallFloor)
	p = serve(t, dir)
	if out := p.must(create...); !strings.HasPrefix(out, "https://pages.example.com/install/") || strings.Contains(out, "--pinnedpubkey") || strings.Contains(out, " -k ") {
		t.Errorf("where browsers know web_url: %s", out)
	}
}
