package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/listing/listingtest"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// toldReports have a few rows; what fails, fails after them.
type toldReports struct {
	Reports
	begun, goOn chan struct{}
	fails       error
}

func (r *toldReports) People(context.Context, collector.Viewer, *adminv1.ReportRequest) (*adminv1.PeopleReport, error) {
	if r.fails != nil {
		return nil, r.fails
	}
	return &adminv1.PeopleReport{Rows: []*adminv1.PeopleRow{{Name: "Ana", Times: &adminv1.Times{Total: 60}}, {Name: "=1+1"}}}, nil
}

func (r *toldReports) Activity(_ context.Context, _ collector.Viewer, _ *adminv1.ReportRequest, yield func([]*adminv1.ActivityRow) error) error {
	if r.begun != nil {
		r.begun <- struct{}{}
		<-r.goOn
	}
	if err := yield([]*adminv1.ActivityRow{{App: "editor"}, {App: "browser"}}); err != nil {
		return err
	}
	return r.fails
}

// exported gives the file and the error that the stream ended with.
func exported(t *testing.T, client adminv1connect.AdminServiceClient, ask *adminv1.ExportRequest) (file []byte, err error) {
	t.Helper()
	stream, err := client.Export(t.Context(), connect.NewRequest(ask))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for stream.Receive() {
		file = append(file, stream.Msg().Data...)
	}
	return file, stream.Err()
}

// newestExport is the audit log's last word on one.
func (o *office) newestExport() (actor string, detail map[string]any) {
	o.t.Helper()
	entries, err := o.registry.AuditEntries(o.t.Context(), 0, 10000)
	o.check(err)
	for _, entry := range entries {
		if entry.Action == "export" {
			actor, detail = entry.Actor, map[string]any{"subject": entry.Subject}
			o.check(json.Unmarshal([]byte(entry.Detail), &detail))
		}
	}
	return actor, detail
}

func TestAnExportIsAFileAndInTheAuditLog(t *testing.T) {
	o := openOffice(t)
	o.admin.Reports = &toldReports{}
	for _, format := range []string{"csv", "xlsx", "parquet"} {
		file, err := exported(t, o.as(mia), &adminv1.ExportRequest{Report: "people", Format: format, Ask: &adminv1.ReportRequest{Group: "Support"}})
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		table, err := listingtest.Read(format, file)
		if err != nil || len(table.Rows) != 2 || table.Rows[0]["times_total"] != "60" || table.Rows[1]["name"] != "=1+1" {
			t.Errorf("%s: %v, %v", format, table, err)
		}
		actor, detail := o.newestExport()
		ask, _ := detail["ask"].(map[string]any)
		if actor != mia || detail["subject"] != "people" || detail["format"] != format || detail["rows"] != 2.0 || detail["complete"] != true ||
			len(ask) != 1 || ask["group"] != "Support" {
			t.Errorf("%s: %s %v", format, actor, detail)
		}
	}
}

func TestAnExportIsNeverSilentlyShort(t *testing.T) {
	o := openOffice(t)
	reports := &toldReports{fails: errors.New("the disk is gone")}
	o.admin.Reports = reports
	for _, format := range []string{"csv", "xlsx", "parquet"} {
		if _, err := exported(t, o.as(ada), &adminv1.ExportRequest{Report: "activity", Format: format}); connect.CodeOf(err) != connect.CodeInternal {
			t.Errorf("%s: %v", format, err)
		}
		if _, detail := o.newestExport(); detail["complete"] != false || detail["rows"] != 2.0 {
			t.Errorf("%s: %v", format, detail)
		}
	}
	before := o.state()
	reports.fails = collector.Refuse(collector.NotFound, "person", "there is no person %q", "x")
	if file, err := exported(t, o.as(ada), &adminv1.ExportRequest{Report: "people", Format: "csv"}); connect.CodeOf(err) != connect.CodeNotFound || len(file) > 0 {
		t.Errorf("%q, %v", file, err)
	}
	if o.state() != before {
		t.Error("what was refused is written down as exported")
	}
}

func TestExportsRefused(t *testing.T) {
	o := openOffice(t)
	o.admin.Reports = &toldReports{}
	for _, c := range []struct {
		ask  *adminv1.ExportRequest
		code connect.Code
	}{
		{&adminv1.ExportRequest{Report: "nothing", Format: "csv"}, connect.CodeInvalidArgument},
		{&adminv1.ExportRequest{Report: "people", Format: "xls"}, connect.CodeInvalidArgument},
		{&adminv1.ExportRequest{Report: "people"}, connect.CodeInvalidArgument},
		{&adminv1.ExportRequest{Report: "pending", Format: "csv"}, connect.CodePermissionDenied}, // for those who classify
	} {
		if file, err := exported(t, o.as(mia), c.ask); connect.CodeOf(err) != c.code || len(file) > 0 {
			t.Errorf("%v: %q, %v", c.ask, file, err)
		}
	}
	o.agents.disk = NewDisk(o.house.dir, 1<<62)
	if _, err := exported(t, o.as(ada), &adminv1.ExportRequest{Report: "people", Format: "csv"}); connect.CodeOf(err) != connect.CodeUnavailable {
		t.Errorf("below the disk's floor: %v", err)
	}
}

func TestExportsAtOnce(t *testing.T) {
	o := openOffice(t)
	reports := &toldReports{begun: make(chan struct{}), goOn: make(chan struct{})}
	o.admin.Reports = reports
	client, ask := o.as(ada), &adminv1.ExportRequest{Report: "activity", Format: "csv"}
	ended := make(chan error, exportsAtOnce)
	for range exportsAtOnce {
		go func() {
			_, err := exported(t, client, ask)
			ended <- err
		}()
		<-reports.begun
	}
	if _, err := exported(t, client, ask); connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Errorf("one more: %v", err)
	}
	close(reports.goOn)
	for range exportsAtOnce {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if _, err := exported(t, client, &adminv1.ExportRequest{Report: "people", Format: "csv"}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// deadlines remembers until when each piece may be written.
type deadlines struct {
	http.ResponseWriter
	until   time.Time
	written []time.Time
}

func (d *deadlines) SetWriteDeadline(until time.Time) error {
	d.until = until
	return nil
}

func (d *deadlines) Write(piece []byte) (int, error) {
	d.written = append(d.written, d.until)
	d.until = time.Time{}
	return len(piece), nil
}

// The whole of a long answer has no time of its own; each of its pieces has.
func TestEachPieceHasItsTime(t *testing.T) {
	w := &deadlines{}
	began := time.Now()
	patient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			if _, err := bytes.NewReader([]byte("piece")).WriteTo(w); err != nil {
				t.Error(err)
			}
		}
	})).ServeHTTP(w, nil)
	if len(w.written) != 3 {
		t.Fatalf("%d pieces", len(w.written))
	}
	for _, until := range w.written {
		if left := until.Sub(began); left < takenWithin || left > takenWithin+time.Minute {
			t.Errorf("a piece has %v", left)
		}
	}
}
