package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

const (
	exportsAtOnce = 2
	// chunkBytes of a file are sent at a time.
	chunkBytes = 256 << 10
	// takenWithin is how long a piece of an answer may wait for its reader. The whole may take as long as it is read: a file
	// of millions of rows takes longer than any bound for one of a thousand should be.
	takenWithin = 30 * time.Second
)

// Export sends a report as a file. A stream that ends without an error is the whole of it, and is in the audit log.
func (a adminService) Export(ctx context.Context, req *connect.Request[adminv1.ExportRequest], stream *connect.ServerStream[adminv1.ExportChunk]) error {
	return a.export(ctx, req.Msg, chunks{stream})
}

func (a adminService) export(ctx context.Context, wanted *adminv1.ExportRequest, to io.Writer) error {
	report, known := exportables[wanted.Report]
	if !known {
		return collector.Refuse(collector.BadRequest, "report", "%q is not one of %s", wanted.Report,
			strings.Join(slices.Sorted(maps.Keys(exportables)), ", "))
	}
	formats := []string{listing.CSV, listing.XLSX, listing.Parquet}
	if !slices.Contains(formats, wanted.Format) {
		return collector.Refuse(collector.BadRequest, "format", "%q is not one of %s", wanted.Format, strings.Join(formats, ", "))
	}
	if err := access.Permit(viewerOf(ctx), report.procedure); err != nil {
		return err
	}
	ask := wanted.Ask
	if ask == nil {
		ask = &adminv1.ReportRequest{}
	}
	return a.send(ctx, to, func(out io.Writer) error {
		file, err := listing.New(out, wanted.Format, report.row)
		if err != nil {
			return err
		}
		if err = report.each(a, ctx, ask, file.Row); err == nil {
			err = file.Close()
		}
		if err != nil && file.Rows() == 0 {
			return err // nothing has left
		}
		return errors.Join(err, a.audit(ctx, "export", wanted.Report, map[string]any{
			"format": wanted.Format, "ask": told(ask), "rows": file.Rows(), "complete": err == nil,
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
func (a adminService) send(ctx context.Context, to io.Writer, write func(io.Writer) error) error {
	if err := a.Agents.disk.Check(); err != nil {
		return err
	}
	defer a.exports.Add(-1)
	if a.exports.Add(1) > exportsAtOnce {
		return collector.Refuse(collector.TooMany, "", "%d exports are being made; try again in a moment", exportsAtOnce)
	}
	out := bufio.NewWriterSize(untilGivenUp{ctx, to}, chunkBytes)
	if err := write(out); err != nil {
		return err
	}
	return out.Flush()
}

// untilGivenUp writes until the context ends.
type untilGivenUp struct {
	ctx context.Context
	to  io.Writer
}

// Write of io.Writer.
func (u untilGivenUp) Write(data []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.to.Write(data)
}

// chunks sends what is written to it.
type chunks struct {
	stream *connect.ServerStream[adminv1.ExportChunk]
}

// Write of io.Writer.
func (c chunks) Write(data []byte) (int, error) {
	for chunk := range slices.Chunk(data, chunkBytes) {
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
