package api

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// filesPath is where browsers download what Export and ExportPerson send: a stream of messages is nothing that they
// could save as it comes.
const filesPath = "/files/"

// personFile is everything stored of one person.
const personFile = "person.zip"

// mediaTypes of files, by extension.
var mediaTypes = map[string]string{
	".csv": "text/csv; charset=utf-8", ".parquet": "application/vnd.apache.parquet", ".zip": "application/zip",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// statuses of refusals of files, as people read them: 401 sends them to sign in.
var statuses = map[collector.Code]int{
	collector.BadRequest: http.StatusBadRequest, collector.SignedOut: http.StatusUnauthorized,
	collector.UnknownDevice: http.StatusUnauthorized, collector.Revoked: http.StatusForbidden, collector.Denied: http.StatusForbidden,
	collector.NotFound: http.StatusNotFound, collector.TooMany: http.StatusTooManyRequests, collector.NoSpace: http.StatusServiceUnavailable,
	collector.Conflict: http.StatusConflict,
}

// serveFile answers GET /files/people.csv?from=2026-03-02 with what Export would send, the query being a ReportRequest,
// and /files/person.zip?person=p-1 with what ExportPerson would. One that breaks off in the middle ends the connection, so
// that no browser takes it for whole.
func (a adminService) serveFile(w http.ResponseWriter, r *http.Request) {
	started, name := time.Now(), r.PathValue("name")
	procedure := adminv1connect.AdminServiceExportProcedure
	if name == personFile {
		procedure = adminv1connect.AdminServiceExportPersonProcedure
	}
	file := &download{ctx: r.Context(), w: w, now: a.Now(), name: name}
	err := a.sendFile(r, procedure, file)
	code := collector.CodeOf(err)
	a.Agents.metrics.called(procedure, string(code), time.Since(started))
	if code == collector.Internal && r.Context().Err() == nil {
		a.Log.Error("call failed", "procedure", procedure, "error", err)
	}
	switch {
	case err != nil && file.begun:
		panic(http.ErrAbortHandler)
	case err != nil:
		plainRefusal(w, err)
	default:
		file.begin() // one without a byte too
	}
}

func (a adminService) sendFile(r *http.Request, procedure string, file *download) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("api: file: panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if r.Method != http.MethodGet { // HEAD would be the whole work
		return collector.Refuse(collector.BadRequest, "", "files are downloaded with GET")
	}
	if err := access.Permit(viewerOf(r.Context()), procedure); err != nil {
		return err
	}
	if file.ask, err = askedFor(r.URL.Query()); err != nil {
		return err
	}
	if file.name == personFile {
		return a.exportPerson(r.Context(), file.ask.Person, file)
	}
	ext := path.Ext(file.name)
	return a.export(r.Context(), &adminv1.ExportRequest{
		Report: strings.TrimSuffix(file.name, ext), Format: strings.TrimPrefix(ext, "."), Ask: file.ask,
	}, file)
}

// askedFor reads a question from an address: its fields by name.
func askedFor(query url.Values) (*adminv1.ReportRequest, error) {
	ask := &adminv1.ReportRequest{}
	message := ask.ProtoReflect()
	for name, values := range query {
		field := message.Descriptor().Fields().ByName(protoreflect.Name(name))
		if field == nil || field.Kind() != protoreflect.StringKind || len(values) != 1 || !utf8.ValidString(values[0]) {
			return nil, collector.Refuse(collector.BadRequest, "", "the address asks for something that no report knows")
		}
		message.Set(field, protoreflect.ValueOfString(values[0]))
	}
	return ask, nil
}

// refuseFile says to a browser that asked for a file why nobody let it in.
func (l *limits) refuseFile(w http.ResponseWriter, _ *http.Request, err error) {
	l.metrics.refused(string(collector.CodeOf(err)))
	plainRefusal(w, err)
}

// plainRefusal says in plain words what a person reads in place of a file.
func plainRefusal(w http.ResponseWriter, err error) {
	var refusal *collector.Error
	if !errors.As(err, &refusal) || refusal.Code == collector.Internal {
		refusal = collector.Refuse(collector.Internal, "", "the collector failed; its log says why")
	}
	status, known := statuses[refusal.Code]
	if !known {
		status = http.StatusInternalServerError
	}
	if wait, ok := retryAfter[refusal.Code]; ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	}
	http.Error(w, refusal.Error(), status)
}

// download is a file on its way to a browser, which learns its name with the first byte: until then it may be refused.
type download struct {
	ctx   context.Context
	w     http.ResponseWriter
	now   time.Time
	name  string
	ask   *adminv1.ReportRequest
	begun bool
}

// Write of io.Writer.
func (d *download) Write(data []byte) (int, error) {
	if err := stillAllowed(d.ctx); err != nil {
		return 0, err
	}
	d.begin()
	return d.w.Write(data)
}

func (d *download) begin() {
	if d.begun {
		return
	}
	d.begun = true
	ext := path.Ext(d.name)
	parts := []string{"dayline", strings.TrimSuffix(d.name, ext)}
	for _, date := range []string{d.ask.From, d.ask.To} {
		if _, err := dayOf("", date); err == nil {
			parts = append(parts, date)
		}
	}
	if len(parts) == 2 {
		parts = append(parts, d.now.Format(time.DateOnly))
	}
	header := d.w.Header()
	header.Set("Content-Type", mediaTypes[ext])
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": strings.Join(parts, "-") + ext}))
	header.Set("Cache-Control", "no-store")
}
