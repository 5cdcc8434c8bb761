package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// codes maps the one vocabulary of refusals to Connect's, and so to HTTP's.
var codes = map[collector.Code]connect.Code{
	collector.BadRequest:    connect.CodeInvalidArgument,
	collector.TooLarge:      connect.CodeOutOfRange,
	collector.BadSecret:     connect.CodePermissionDenied,
	collector.Expired:       connect.CodePermissionDenied,
	collector.UsedUp:        connect.CodePermissionDenied,
	collector.Revoked:       connect.CodePermissionDenied,
	collector.UnknownDevice: connect.CodeUnauthenticated,
	collector.SignedOut:     connect.CodeUnauthenticated,
	collector.TooMany:       connect.CodeResourceExhausted,
	collector.NoSpace:       connect.CodeUnavailable,
	collector.TooOld:        connect.CodeFailedPrecondition,
	collector.NotFound:      connect.CodeNotFound,
	collector.Denied:        connect.CodePermissionDenied,
	collector.Conflict:      connect.CodeAborted,
	collector.Internal:      connect.CodeInternal,
}

// retryAfter is when to come back where coming back helps.
var retryAfter = map[collector.Code]time.Duration{
	collector.TooMany: 10 * time.Second,
	collector.NoSpace: 5 * time.Minute,
}

// problem turns any error into the answer the other side sees: a Connect code, a Problem as detail and, where it
// helps, when to come back. What is not a refusal is internal, and its words stay here.
func problem(err error) *connect.Error {
	var ready *connect.Error
	if errors.As(err, &ready) {
		return fromConnect(ready)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return connect.NewError(connect.CodeUnavailable, errors.New("the call was given up"))
	}
	var refusal *collector.Error
	if !errors.As(err, &refusal) || refusal.Code == collector.Internal {
		refusal = collector.Refuse(collector.Internal, "", "the collector failed; its log says why")
	}
	answer := connect.NewError(codes[refusal.Code], refusal)
	if detail, err := connect.NewErrorDetail(&agentv1.Problem{
		Code: string(refusal.Code), Field: refusal.Field, Reason: refusal.Reason,
	}); err == nil {
		answer.AddDetail(detail)
	}
	if wait, ok := retryAfter[refusal.Code]; ok {
		answer.Meta().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	}
	return answer
}

// fromConnect gives Connect's own refusals (a body it cannot read) a Problem too.
func fromConnect(ready *connect.Error) *connect.Error {
	if len(ready.Details()) > 0 {
		return ready
	}
	switch ready.Code() {
	case connect.CodeInvalidArgument:
		return problem(collector.Refuse(collector.BadRequest, "", "%s", ready.Message()))
	case connect.CodeResourceExhausted:
		return problem(collector.Refuse(collector.TooLarge, "", "%s", ready.Message()))
	}
	return ready
}

// problemInterceptor makes every refusal one.
type problemInterceptor struct {
	log     *slog.Logger
	metrics *Metrics
	// plainly tells the local administrator what the log says.
	plainly bool
}

func (p *problemInterceptor) problem(err error) error {
	if p.plainly && collector.CodeOf(err) == collector.Internal && connect.CodeOf(err) == connect.CodeUnknown {
		return connect.NewError(connect.CodeInternal, err)
	}
	return problem(err)
}

func (p *problemInterceptor) note(procedure string, started time.Time, err error) {
	code := collector.CodeOf(err)
	p.metrics.called(procedure, string(code), time.Since(started))
	if code == collector.Internal && !errors.Is(err, context.Canceled) {
		p.log.Error("call failed", "procedure", procedure, "error", err)
	}
}

// WrapUnary of connect.Interceptor.
func (p *problemInterceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		started := time.Now()
		err := unread(req.Any())
		var answer connect.AnyResponse
		if err == nil {
			answer, err = next(ctx, req)
		}
		p.note(req.Spec().Procedure, started, err)
		if err != nil {
			return nil, p.problem(err)
		}
		return answer, nil
	}
}

// WrapStreamingClient of connect.Interceptor; there is none here.
func (p *problemInterceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler of connect.Interceptor.
func (p *problemInterceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		started := time.Now()
		err := next(ctx, conn)
		p.note(conn.Spec().Procedure, started, err)
		if err != nil {
			return p.problem(err)
		}
		return nil
	}
}

// recovered turns a panic of a handler into an internal error: it ends that call and nothing else.
func recovered(log *slog.Logger) func(context.Context, connect.Spec, http.Header, any) error {
	return func(_ context.Context, spec connect.Spec, _ http.Header, cause any) error {
		log.Error("handler panicked", "procedure", spec.Procedure, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		return problem(collector.Refuse(collector.Internal, "", "panic"))
	}
}
