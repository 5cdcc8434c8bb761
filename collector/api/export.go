package api

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

const (
	exportsAtOnce = 2
	// chunkBytes of a file are sent at a time.
	chunkBytes = 256 << 10
	// takenWithin is how long a piece of an answer may wait for its reader. The whole may take as long as it is read: a file
	// of millions of rows takes longer than any bound for one of a thousand should be.
	takenWithin = 30 * time.Second
	// chunksAhead of rows are read before those before them are written.
	chunksAhead = 4
)

// exportable is a report that can be a file: what the call of the procedure answers, with its rights, row by row.
type exportable struct {
	procedure string
	row       proto.Message
	each      func(a adminService, ctx context.Context, ask *adminv1.ReportRequest, row func(proto.Message) error) error
}

var exportables = map[string]exportable{
	"dashboard":  whole(adminv1connect.AdminServiceReportDashboardProcedure, adminService.ReportDashboard, (*adminv1.DashboardReport).GetRows),
	"people":     whole(adminv1connect.AdminServiceReportPeopleProcedure, adminService.ReportPeople, (*adminv1.PeopleReport).GetRows),
	"apps":       whole(adminv1connect.AdminServiceReportAppsProcedure, adminService.ReportApps, (*adminv1.AppsReport).GetRows),
	"sites":      whole(adminv1connect.AdminServiceReportSitesProcedure, adminService.ReportSites, (*adminv1.SitesReport).GetRows),
	"titles":     whole(adminv1connect.AdminServiceReportTitlesProcedure, adminService.ReportTitles, (*adminv1.TitlesReport).GetRows),
	"categories": whole(adminv1connect.AdminServiceReportCategoriesProcedure, adminService.ReportCategories, (*adminv1.CategoriesReport).GetRows),
	"hours":      whole(adminv1connect.AdminServiceReportHoursProcedure, adminService.ReportHours, (*adminv1.HoursReport).GetRows),
	"groups":     whole(adminv1connect.AdminServiceReportGroupsProcedure, adminService.ReportGroups, (*adminv1.GroupsReport).GetRows),
	"live":       whole(adminv1connect.AdminServiceReportLiveProcedure, adminService.ReportLive, (*adminv1.LiveReport).GetRows),
	"pending":    whole(adminv1connect.AdminServiceListPendingProcedure, adminService.ListPending, (*adminv1.PendingReport).GetRows),
	"activity":   {adminv1connect.AdminServiceReportActivityProcedure, &adminv1.ActivityRow{}, adminService.eachActivity},
}

// whole is a report that comes as one message.
func whole[R any, M proto.Message](procedure string,
	ask func(adminService, context.Context, *connect.Request[adminv1.ReportRequest]) (*connect.Response[R], error), rows func(*R) []M) exportable {
	var example M
	return exportable{procedure, example, func(a adminService, ctx context.Context, request *adminv1.ReportRequest, row func(proto.Message) error) error {
		answer, err := ask(a, ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		for _, m := range rows(answer.Msg) {
			if err := row(m); err != nil {
				return err
			}
		}
		return nil
	}}
}

// eachActivity reads on while rows are written: each is work for a processor of its own.
func (a adminService) eachActivity(ctx context.Context, ask *adminv1.ReportRequest, row func(proto.Message) error) error {
	defer a.Agents.heads.forget()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	read := make(chan []*adminv1.ActivityRow, chunksAhead)
	var reader errgroup.Group
	reader.Go(func() (err error) {
		defer close(read)
		defer func() {
			if cause := recover(); cause != nil { // it ends this call and nothing else, as a handler's does
				err = fmt.Errorf("api: export: panic: %v\n%s", cause, debug.Stack())
			}
		}()
		return a.Reports.Activity(ctx, viewerOf(ctx), ask, func(rows []*adminv1.ActivityRow) error {
			select {
			case read <- rows:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	var failed error
	for rows := range read {
		for i := 0; i < len(rows) && failed == nil; i++ {
			if failed = row(rows[i]); failed != nil {
				stop()
			}
		}
	}
	return cmp.Or(failed, reader.Wait())
}

// Export sends a report as a file. A stream that ends without an error is the whole of it, and is in the audit log.
func (a adminService) Export(ctx context.Context, req *connect.Request[adminv1.ExportRequest], stream *connect.ServerStream[adminv1.ExportChunk]) error {
	report, known := exportables[req.Msg.Report]
	if !known {
		return collector.Refuse(collector.BadRequest, "report", "%q is not one of %s", req.Msg.Report,
			strings.Join(slices.Sorted(maps.Keys(exportables)), ", "))
	}
	formats := []string{listing.CSV, listing.XLSX, listing.Parquet}
	if !slices.Contains(formats, req.Msg.Format) {
		return collector.Refuse(collector.BadRequest, "format", "%q is not one of %s", req.Msg.Format, strings.Join(formats, ", "))
	}
	if err := access.Permit(viewerOf(ctx), report.procedure); err != nil {
		return err
	}
	ask := req.Msg.Ask
	if ask == nil {
		ask = &adminv1.ReportRequest{}
	}
	return a.send(ctx, stream, func(out io.Writer) error {
		file, err := listing.New(out, req.Msg.Format, report.row)
		if err != nil {
			return err
		}
		if err = report.each(a, ctx, ask, file.Row); err == nil {
			err = file.Close()
		}
		if err != nil && file.Rows() == 0 {
			return err // nothing has left
		}
		return errors.Join(err, a.audit(ctx, "export", req.Msg.Report, map[string]any{
			"format": req.Msg.Format, "ask": told(ask), "rows": file.Rows(), "complete": err == nil,
		}))
	})
}

// told gives the fields of a question that say something.
func told(ask *adminv1.ReportRequest) map[string]string {
	fields := map[string]string{}
	ask.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		fields[string(field.Name())] = value.String()
		return true
	})
	return fields
}

// send sends what write writes, in chunks; the last of them leaves when write is done. NoSpace below the disk's floor,
// TooMany while exportsAtOnce others are being sent (security.md 3, 8).
func (a adminService) send(ctx context.Context, stream *connect.ServerStream[adminv1.ExportChunk], write func(io.Writer) error) error {
	if err := a.Agents.disk.Check(); err != nil {
		return err
	}
	defer a.exports.Add(-1)
	if a.exports.Add(1) > exportsAtOnce {
		return collector.Refuse(collector.TooMany, "", "%d exports are being made; try again in a moment", exportsAtOnce)
	}
	out := bufio.NewWriterSize(chunks{ctx, stream}, chunkBytes)
	if err := write(out); err != nil {
		return err
	}
	return out.Flush()
}

// chunks sends what is written to it.
type chunks struct {
	ctx    context.Context
	stream *connect.ServerStream[adminv1.ExportChunk]
}

// Write of io.Writer.
func (c chunks) Write(data []byte) (int, error) {
	for chunk := range slices.Chunk(data, chunkBytes) {
		if err := c.ctx.Err(); err != nil {
			return 0, err
		}
		if err := c.stream.Send(&adminv1.ExportChunk{Data: chunk}); err != nil {
			return 0, err
		}
	}
	return len(data), nil
}

// patient gives each piece of an answer its own time, takenWithin, in place of one for the whole.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(patientWriter{w, http.NewResponseController(w)}, r)
	})
}

type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write of http.ResponseWriter.
func (p patientWriter) Write(piece []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(takenWithin)); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(piece)
}

// Flush of http.Flusher; it writes what is left of a piece, in that piece's time.
func (p patientWriter) Flush() { _ = p.control.Flush() }

// Unwrap gives http.ResponseController what is wrapped.
func (p patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }
