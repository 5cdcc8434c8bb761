package api

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/link"
	"github.com/dayline-project/dayline/collector/listing/listingtest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/shared/stream"
)

// file asks the pages' listener for a file as a user, or as nobody. An answer that broke off has an error.
func (o *office) file(email, path string) (*http.Response, []byte, error) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, o.web.URL+path, nil)
	o.check(err)
	if email != "" {
		r.Header.Set("Authorization", "Bearer "+o.token(email, false))
	}
	answer, err := http.DefaultClient.Do(r)
	o.check(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer, content, err
}

// A browser downloads what Export sends, under the same entry of the audit log.
func TestADownloadIsAnExport(t *testing.T) {
	o := openOffice(t)
	o.admin.Reports = &toldReports{}
	for format, mediaType := range map[string]string{
		"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet",
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	} {
		ask := &adminv1.ReportRequest{Group: "Support", From: "2026-03-02"}
		want, err := exported(t, o.as(mia), &adminv1.ExportRequest{Report: "people", Format: format, Ask: ask})
		o.check(err)
		_, wanted := o.newestExport()
		answer, got, err := o.file(mia, "/files/people."+format+"?group=Support&from=2026-03-02")
		o.check(err)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != mediaType || answer.Header.Get("Cache-Control") != "no-store" ||
			answer.Header.Get("Content-Disposition") != "attachment; filename=dayline-people-2026-03-02."+format {
			t.Errorf("%s: %d %v", format, answer.StatusCode, answer.Header)
		}
		one, err := listingtest.Read(format, got)
		o.check(err)
		other, err := listingtest.Read(format, want)
		o.check(err)
		if len(one.Rows) != 2 || !slices.EqualFunc(one.Rows, other.Rows, func(a, b map[string]string) bool { return a["name"] == b["name"] }) {
			t.Errorf("%s: %v, want %v", format, one, other)
		}
		if actor, detail := o.newestExport(); actor != mia || detail["rows"] != wanted["rows"] || detail["format"] != format || detail["complete"] != true {
			t.Errorf("%s: %s %v", format, actor, detail)
		}
	}
}

func TestDownloadsRefused(t *testing.T) {
	o := openOffice(t)
	o.admin.Reports = &toldReports{}
	before := o.state()
	for _, c := range []struct {
		email, path string
		status      int
		words       string
	}{
		{"", "/files/people.csv", 401, "sign in first"},
		{mia, "/files/nothing.csv", 400, "is not one of"},
		{mia, "/files/people.xls", 400, "is not one of"},
		{mia, "/files/people", 400, "is not one of"},
		{mia, "/files/people.csv?colour=red", 400, "the address asks for something"},
		{mia, "/files/people.csv?group=a&group=b", 400, "the address asks for something"},
		{mia, "/files/people.csv?group=%ff", 400, "the address asks for something"},
		{mia, "/files/pending.csv", 403, "a manager may not"},
		{mia, "/files/audit.csv", 403, "a manager may not"},
		{cleo, "/files/users.csv", 403, "a configurator may not"},
		{cleo, "/files/links.csv", 403, "a configurator may not"},
		{ada, "/files/a/b.csv", 404, ""},
	} {
		answer, content, err := o.file(c.email, c.path)
		if err != nil || answer.StatusCode != c.status || !strings.Contains(string(content), c.words) ||
			answer.Header.Get("Content-Type") != "text/plain; charset=utf-8" || answer.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s %s: %d %q %v", c.email, c.path, answer.StatusCode, content, err)
		}
	}
	head, err := http.NewRequest(http.MethodHead, o.web.URL+"/files/people.csv", nil)
	o.check(err)
	head.Header.Set("Authorization", "Bearer "+o.token(ada, false))
	if answer, err := http.DefaultClient.Do(head); err != nil || answer.StatusCode != 400 {
		t.Errorf("HEAD: %v %v", answer, err)
	}
	if o.state() != before {
		t.Error("what was refused is written down")
	}
	o.admin.Reports = &toldReports{fails: collector.Refuse(collector.NotFound, "person", "there is no person %q", "x")}
	if answer, content, _ := o.file(mia, "/files/people.csv"); answer.StatusCode != 404 || !strings.Contains(string(content), "there is no person") {
		t.Errorf("%d %q", answer.StatusCode, content)
	}
	o.agents.disk = NewDisk(o.house.dir, 1<<62)
	if answer, _, _ := o.file(mia, "/files/people.csv"); answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("below the disk's floor: %d", answer.StatusCode)
	}
}

// manyReports have more rows than leave at once, and do something after them.
type manyReports struct {
	Reports
	then func() error
}

func (r *manyReports) Activity(_ context.Context, _ collector.Viewer, _ *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error {
	rows := make([]*adminv1.ActivityRow, 2000)
	for i := range rows {
		rows[i] = &adminv1.ActivityRow{App: "editor", Title: strings.Repeat(strconv.Itoa(i), 50)}
	}
	for range chunksAhead + 2 { // so that those of the first have left
		if err := yield(rows); err != nil {
			return err
		}
	}
	if err := r.then(); err != nil {
		return err
	}
	for range 10 {
		if err := yield(rows); err != nil {
			return err
		}
	}
	return nil
}

// What breaks off in the middle is no file to a browser: also because its reader may not see it any more.
func TestADownloadIsNeverSilentlyShort(t *testing.T) {
	o := openOffice(t)
	for what, then := range map[string]func() error{
		"whole": func() error { return nil },
		"a failure": func() error {
			return io.ErrUnexpectedEOF
		},
		"a bug": func() error { panic("in the middle") },
		"other rights": func() error {
			_, err := o.asBySocket("").SetUser(context.Background(), connect.NewRequest(&adminv1.SetUserRequest{Email: mia, SetViewable: true}))
			return err
		},
	} {
		o.admin.Reports = &manyReports{then: then}
		_, content, err := o.file(mia, "/files/activity.csv")
		if whole := what == "whole"; (err == nil) != whole || len(content) < chunkBytes {
			t.Errorf("%s: %d bytes, %v", what, len(content), err)
		}
		if _, detail := o.newestExport(); detail["complete"] != (what == "whole") {
			t.Errorf("%s: %v", what, detail)
		}
	}
}

func TestAPersonIsDownloaded(t *testing.T) {
	o := openOffice(t)
	o.admin.Reports = wholeReports{}
	device := o.enrolled().Credential.GetDevice()
	login := stream.Login{Authority: "S-1-5", Account: "zoe", Name: `CORP\zoe`}
	known, err := o.registry.LoginPeople(t.Context(), device, []stream.Login{login})
	o.check(err)
	zoe := known[collector.LoginKey(device, login)].Person
	answer, content, err := o.file(ada, "/files/person.zip?person="+zoe)
	o.check(err)
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/zip" ||
		!strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment; filename=dayline-person-") {
		t.Fatalf("%d %v %q", answer.StatusCode, answer.Header, content)
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	o.check(err)
	if _, err := archive.Open("episodes.csv"); err != nil {
		t.Error(err)
	}
	entries, err := o.registry.AuditEntries(t.Context(), 0, 1000)
	o.check(err)
	if last := entries[len(entries)-1]; last.Action != "person.export" || last.Actor != ada || last.Subject != zoe {
		t.Errorf("%+v", last)
	}
}

// wholeReports have one person, of whom there is nothing.
type wholeReports struct{ Reports }

func (wholeReports) Whole(_ context.Context, _ collector.Viewer, person string, yield func(*adminv1.ReportRequest) error) error {
	return yield(&adminv1.ReportRequest{Person: person})
}

func (wholeReports) Episodes(context.Context, collector.Viewer, *adminv1.ReportRequest, func([]*adminv1.ActivityRow) error) error {
	return nil
}

func (wholeReports) Hours(context.Context, collector.Viewer, *adminv1.ReportRequest) (*adminv1.HoursReport, error) {
	return &adminv1.HoursReport{}, nil
}

// Lists are files too, with the rows that their calls answer.
func TestListsAreFiles(t *testing.T) {
	o := openOffice(t)
	read := func(name string) listingtest.Table {
		t.Helper()
		answer, content, err := o.file(ada, "/files/"+name)
		o.check(err)
		table, err := listingtest.Read("csv", content)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %q %v", name, answer.StatusCode, content, err)
		}
		return table
	}
	if users := read("users.csv"); len(users.Rows) != 4 || users.Rows[2]["email"] != mia || users.Rows[2]["viewable_groups"] != "Support" {
		t.Errorf("%v", users)
	}
	if tokens := read("tokens.csv"); len(tokens.Rows) == 0 || tokens.Rows[0]["email"] != ada {
		t.Errorf("%v", tokens)
	}
	o.secret(link.Request{OS: "windows"})
	if links := read("links.csv"); len(links.Rows) != 1 || links.Rows[0]["os"] != "windows" {
		t.Errorf("%v", links)
	}
	o.enrolled()
	if devices := read("devices.csv"); len(devices.Rows) != 1 || devices.Rows[0]["id"] == "" {
		t.Errorf("%v", devices)
	}
	all := read("audit.csv")
	if last := all.Rows[len(all.Rows)-1]; last["action"] != "export" || last["subject"] != "devices" {
		t.Errorf("%v", last)
	}
	day := o.now().Local()
	if day := read("audit.csv?from=" + day.Format("2006-01-02") + "&to=" + day.Format("2006-01-02")); len(day.Rows) != len(all.Rows)+1 {
		t.Errorf("%d entries today, %d in all", len(day.Rows), len(all.Rows))
	}
	if none := read("audit.csv?to=" + day.AddDate(0, 0, -1).Format("2006-01-02")); len(none.Rows) != 0 {
		t.Errorf("until yesterday: %v", none)
	}
}

// Browsers say what they unpack; what the contract answers comes packed, in either form, where that is worth it.
func TestAnswersArePackedForBrowsers(t *testing.T) {
	o := openOffice(t)
	for i := range 50 {
		_, err := o.asBySocket("").SetUser(t.Context(), connect.NewRequest(&adminv1.SetUserRequest{Email: fmt.Sprintf("user-%d@example.com", i), Role: "viewer"}))
		o.check(err)
	}
	ask := func(procedure, contentType string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.web.URL+procedure, strings.NewReader(map[string]string{"application/json": "{}"}[contentType]))
		o.check(err)
		r.Header = http.Header{"Content-Type": {contentType}, "Accept-Encoding": {"gzip, deflate, br"}, "Authorization": {"Bearer " + o.token(ada, false)}}
		answer, err := http.DefaultClient.Do(r)
		o.check(err)
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	for contentType, codec := range map[string]connect.Codec{"application/json": jsonCodec{}, "application/proto": protoCodec{}} {
		answer := ask(adminv1connect.AdminServiceListUsersProcedure, contentType)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Encoding") != "gzip" || answer.Header.Get("Content-Type") != contentType {
			t.Fatalf("%s: %d %v", contentType, answer.StatusCode, answer.Header)
		}
		unpacked, err := gzip.NewReader(answer.Body)
		o.check(err)
		content, err := io.ReadAll(unpacked)
		o.check(err)
		var users adminv1.ListUsersResponse
		if err := codec.Unmarshal(content, &users); err != nil || len(users.Users) != 54 {
			t.Errorf("%s: %d users, %v", contentType, len(users.Users), err)
		}
		if small := ask(adminv1connect.AdminServiceSignOutProcedure, contentType); small.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: an empty answer is packed", contentType)
		}
	}
}
