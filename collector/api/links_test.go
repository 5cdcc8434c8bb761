package api

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// onShelf adds a small release.
func (h *house) onShelf(version string) {
	h.t.Helper()
	files := shelftest.Released(h.t, version, release.Windows, release.Linux)
	if _, err := h.shelf.Add(shelftest.Sent(files)); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) createLink(system string) *adminv1.CreateLinkResponse {
	h.t.Helper()
	made, err := h.admin.CreateLink(h.t.Context(), connect.NewRequest(&adminv1.CreateLinkRequest{Os: system}))
	if err != nil {
		h.t.Fatal(err)
	}
	return made.Msg
}

// opened gives status and body of an address.
func (h *house) opened(address string) (int, string) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := h.client().Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestALinkLetsAComputerIn(t *testing.T) {
	h := open(t, t.TempDir())
	if made := h.createLink("linux"); made.Problem == "" || len(made.Commands) > 0 || made.Address == "" || made.EnrolmentString == "" {
		t.Errorf("without a release: %v", made)
	}
	h.onShelf("1.2.3")
	made := h.createLink("windows")
	if made.Problem != "" || made.Version != "1.2.3" || len(made.Commands) != 2 || made.Commands[0].Shell != "powershell" {
		t.Fatalf("%v", made)
	}
	if status, page := h.opened(made.Address); status != http.StatusOK || !strings.Contains(page, "1.2.3") {
		t.Fatalf("%d: %s", status, page)
	}
	_, packed := h.opened(made.Address + "/download/arm64/msi")
	text, err := token.FindStamp(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	installer, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	a := apitest.NewAgent(t, h.url(), h.client())
	if err := a.Enroll(t.Context(), installer.Secret); err != nil {
		t.Fatal(err)
	}
	list, err := h.admin.ListLinks(t.Context(), connect.NewRequest(&adminv1.ListLinksRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	if l := list.Msg.Links[0]; l.Id != made.Link.Id || l.Downloads != 1 || l.Devices != 1 || l.LastUsed == "" {
		t.Errorf("listed %v", l)
	}
	audit, err := h.admin.ListAudit(t.Context(), connect.NewRequest(&adminv1.ListAuditRequest{Action: "link.download", Limit: 9}))
	if err != nil {
		t.Fatal(err)
	}
	if got := audit.Msg.Entries; len(got) != 1 || got[0].Actor != "link "+made.Link.Id || !strings.Contains(got[0].Detail, `"address":"127.0.0.1"`) {
		t.Errorf("audited %v", got)
	}
	if _, err := h.admin.RevokeLink(t.Context(), connect.NewRequest(&adminv1.RevokeLinkRequest{Id: made.Link.Id})); err != nil {
		t.Fatal(err)
	}
	if status, _ := h.opened(made.Address); status != http.StatusGone {
		t.Errorf("revoked: %d", status)
	}
	for n := range missesPerAddress {
		h.opened(fmt.Sprintf("%s%d", made.Address, n))
	}
	if status, _ := h.opened(made.Address); status != http.StatusTooManyRequests {
		t.Errorf("after %d misses: %d", missesPerAddress, status)
	}
}

// A command of a link recognises the collector by its key, and tells the enrolment string to nobody who has another.
func TestACommandRecognisesTheCollector(t *testing.T) {
	h, other := open(t, t.TempDir()), open(t, t.TempDir())
	h.onShelf("1.2.3")
	made := h.createLink("linux")
	fetch, _, found := strings.Cut(made.Commands[0].Text, " && umask 022")
	if !found {
		t.Fatal(made.Commands[0].Text)
	}
	run := func(command string) (string, error) {
		output, err := exec.CommandContext(t.Context(), "sh", "-c", command+" && cat enroll)").Output()
		return string(output), err
	}
	output, err := run(fetch)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.Parse(output[strings.LastIndex(strings.TrimSpace(output), "\n")+1:]); err != nil {
		t.Errorf("%v: %s", err, output)
	}
	if output, err := run(strings.ReplaceAll(fetch, h.url(), other.url())); err == nil || output != "" {
		t.Errorf("another collector was believed: %s", output)
	}
	changed := strings.Index(fetch, "echo '") + len("echo '")
	if output, err := run(fetch[:changed] + strings.Repeat("0", 64) + fetch[changed+64:]); err == nil || strings.Contains(output, "dl1") {
		t.Errorf("another package was believed: %s", output)
	}
}
