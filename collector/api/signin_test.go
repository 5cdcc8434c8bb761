package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// post speaks JSON over plain HTTP, as a script does.
func (o *office) post(url, procedure, body string, headers map[string]string) (status int, answer map[string]any) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, url+procedure, strings.NewReader(body))
	o.check(err)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	got, err := http.DefaultClient.Do(r)
	o.check(err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	o.check(err)
	_ = json.Unmarshal(text, &answer)
	return got.StatusCode, answer
}

func TestSignInOverJSON(t *testing.T) {
	o := openOffice(t)
	_, err := o.asBySocket("").SetPassword(t.Context(), connect.NewRequest(&adminv1.SetPasswordRequest{Email: mia, Password: password}))
	o.check(err)
	in := func(email, password string, headers map[string]string) (int, map[string]any) {
		return o.post(o.web.URL, adminv1connect.AdminServiceSignInProcedure, fmt.Sprintf(`{"email":%q,"password":%q}`, email, password), headers)
	}
	status, answer := in(mia, password, nil)
	token := fmt.Sprint("Bearer ", answer["token"])
	if status != http.StatusOK || answer["expires"] == "" {
		t.Fatal(status, answer)
	}
	who := func() int {
		status, _ := o.post(o.web.URL, adminv1connect.AdminServiceWhoAmIProcedure, `{}`, map[string]string{"Authorization": token})
		return status
	}
	if who() != http.StatusOK {
		t.Error("signed in, and not let in")
	}
	if status, _ := o.post(o.web.URL, adminv1connect.AdminServiceSignOutProcedure, `{}`, map[string]string{"Authorization": token}); status != http.StatusOK || who() != http.StatusUnauthorized {
		t.Errorf("signing out: %d, then %d", status, who())
	}
	// A user who exists and one who does not get the same answers, to the last attempt that is let.
	const let = 10
	var answers [2][]string
	for i, email := range []string{mia, "nobody@example.com"} {
		o.later(time.Minute)
		for range let + 1 {
			status, answer := in(email, "wrong wrong wrong", nil)
			answers[i] = append(answers[i], fmt.Sprint(status, answer["message"]))
		}
	}
	if !slices.Equal(answers[0], answers[1]) || !strings.HasPrefix(answers[0][0], "401") || !strings.HasPrefix(answers[0][let], "429") {
		t.Error(answers)
	}
	entries, err := o.registry.AuditEntries(t.Context(), 0, 1000)
	o.check(err)
	count := map[string]int{}
	for _, e := range entries {
		count[e.Action+" "+e.Subject+" by "+e.Actor]++
		if strings.Contains(e.Subject+e.Detail, "nobody") || strings.Contains(e.Detail, "wrong") {
			t.Errorf("what was typed is written down: %+v", e)
		}
	}
	if want := map[string]int{
		"user.password " + mia + " by " + collector.LocalAdministrator: 1, "user.sign_in " + mia + " by " + mia: 1, "user.sign_out " + mia + " by " + mia: 1,
		"user.sign_in_failed " + mia + " by collector": let, "user.sign_in_failed  by collector": let,
	}; !maps.Equal(count, want) {
		t.Errorf("%v, want %v", count, want)
	}
}

func TestBoundsBeforeSignIn(t *testing.T) {
	o := openOffice(t)
	signIn := adminv1connect.AdminServiceSignInProcedure
	if status, _ := o.post(o.web.URL, signIn, `{"email":"`+strings.Repeat("x", maxSmallBytes)+`"}`, nil); status == http.StatusOK || status == http.StatusUnauthorized {
		t.Errorf("a large body: %d", status)
	}
	var small bytes.Buffer
	w := gzip.NewWriter(&small)
	fmt.Fprintf(w, `{"email":%q,"password":%q}`, mia, password)
	o.check(w.Close())
	if status, _ := o.post(o.web.URL, signIn, small.String(), map[string]string{"Content-Encoding": "gzip"}); status != http.StatusBadRequest {
		t.Errorf("compressed: %d", status)
	}
	for _, header := range []string{"Bearer", "Bearer x", "Basic eDp4", "Bearer " + o.token(mia, false) + "x"} {
		if status, _ := o.post(o.web.URL, adminv1connect.AdminServiceWhoAmIProcedure, `{}`, map[string]string{"Authorization": header}); status != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, status)
		}
	}
	// Over the network tokens do not travel in the clear.
	r := httptest.NewRequest(http.MethodPost, adminv1connect.AdminServiceWhoAmIProcedure, strings.NewReader(`{}`))
	r.RemoteAddr = "203.0.113.7:1234"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+o.token(ada, true))
	answer := httptest.NewRecorder()
	o.admin.WebHandler().ServeHTTP(answer, r)
	if answer.Code != http.StatusForbidden {
		t.Errorf("without TLS: %d %s", answer.Code, answer.Body)
	}
	// The agents' listener knows nothing of it.
	posted, err := o.client().Post(o.url()+adminv1connect.AdminServiceWhoAmIProcedure, "application/json", strings.NewReader(`{}`))
	o.check(err)
	defer posted.Body.Close()
	if posted.StatusCode != http.StatusNotFound {
		t.Errorf("on the agents' listener: %d", posted.StatusCode)
	}
}

func TestAs(t *testing.T) {
	o := openOffice(t)
	if _, err := o.asBySocket("nobody@example.com").WhoAmI(t.Context(), connect.NewRequest(&adminv1.WhoAmIRequest{})); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("as nobody: %v", err)
	}
	// A name that is left out is not the administrator's.
	blank := adminv1connect.NewAdminServiceClient(&http.Client{Transport: bearer{AsHeader: " "}}, o.local.URL)
	if _, err := blank.WhoAmI(t.Context(), connect.NewRequest(&adminv1.WhoAmIRequest{})); connect.CodeOf(err) != connect.CodeNotFound {
		t.Errorf("as a blank: %v", err)
	}
	// On the network nobody acts as another.
	who, err := o.as(mia).WhoAmI(t.Context(), connect.NewRequest(&adminv1.WhoAmIRequest{}))
	if err != nil || who.Msg.User != mia {
		t.Errorf("%v, %v", who, err)
	}
}

// A role that changes while an answer is being sent ends it, whichever way the reader came.
func TestWhoIsSentSomethingMayStillSeeIt(t *testing.T) {
	o := openOffice(t)
	for who, client := range map[string]adminv1connect.AdminServiceClient{mia: o.as(mia), vic: o.asBySocket(vic)} {
		reports := &toldReports{begun: make(chan struct{}), goOn: make(chan struct{})}
		o.admin.Reports = reports
		ended := make(chan error)
		go func() {
			stream, err := client.ReportActivity(t.Context(), connect.NewRequest(&adminv1.ReportRequest{}))
			if err == nil {
				for stream.Receive() {
					t.Errorf("%s: %v", who, stream.Msg())
				}
				err = errors.Join(stream.Err(), stream.Close())
			}
			ended <- err
		}()
		<-reports.begun
		if _, err := o.asBySocket("").SetUser(t.Context(), connect.NewRequest(&adminv1.SetUserRequest{Email: who, SetViewable: true})); err != nil {
			t.Fatal(err)
		}
		close(reports.goOn)
		if err := <-ended; connect.CodeOf(err) != connect.CodePermissionDenied {
			t.Errorf("%s: %v", who, err)
		}
	}
}

// Bodies that come slowly, from whoever sends them, keep nobody out: neither those who are signed in nor those who want to.
func TestSlowStrangersKeepNobodyOut(t *testing.T) {
	o := openOffice(t)
	token := map[string]string{"Authorization": "Bearer " + o.token(mia, false)}
	var slow net.Dialer
	for range 2 * maxWebCalls {
		conn, err := slow.DialContext(t.Context(), "tcp", o.web.Listener.Addr().String())
		o.check(err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
			adminv1connect.AdminServiceSignInProcedure)
		o.check(err)
		// It is being waited for.
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatal(line, err)
		}
	}
	if status, answer := o.post(o.web.URL, adminv1connect.AdminServiceWhoAmIProcedure, `{}`, token); status != http.StatusOK {
		t.Errorf("signed in: %d %v", status, answer)
	}
	if status, answer := o.post(o.web.URL, adminv1connect.AdminServiceSignInOptionsProcedure, `{}`, nil); status != http.StatusOK {
		t.Errorf("to sign in: %d %v", status, answer)
	}
}
