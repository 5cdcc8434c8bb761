package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"reflect"
	"strings"

	"connectrpc.com/connect"
	"golang.org/x/sync/semaphore"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// AsHeader names the user whom the local administrator acts as; it means nothing elsewhere.
const AsHeader = "Dayline-As"

const (
	// maxWebCalls of the contract at once on the pages' listener.
	maxWebCalls = 64
	// maxArriving is what bodies of those who are not known yet may hold while they arrive.
	maxArriving = 16 << 20
)

type callerOfAdmin struct {
	viewer collector.Viewer
	from   access.From
	site   access.Site
	// again gives who it is as of now; nil: nobody else than before.
	again func(context.Context) (collector.Viewer, error)
}

type viewerKey struct{}

// viewerOf gives who calls. Nobody, who may do and see nothing, where nobody was let in.
func viewerOf(ctx context.Context) collector.Viewer {
	c, _ := ctx.Value(viewerKey{}).(callerOfAdmin)
	return c.viewer
}

// fromOf gives where a call comes from; nothing on the local socket.
func fromOf(ctx context.Context) access.From {
	c, _ := ctx.Value(viewerKey{}).(callerOfAdmin)
	return c.from
}

// siteOf gives where the page is that makes a call; nothing on the local socket.
func siteOf(ctx context.Context) access.Site {
	c, _ := ctx.Value(viewerKey{}).(callerOfAdmin)
	return c.site
}

// stillAllowed refuses to go on with an answer to somebody who may see something else by now, or nothing: what ends
// sessions and tokens at once (security.md 8) ends what is being sent to them.
func stillAllowed(ctx context.Context) error {
	c, _ := ctx.Value(viewerKey{}).(callerOfAdmin)
	if c.again == nil {
		return nil
	}
	now, err := c.again(ctx)
	if err == nil && !reflect.DeepEqual(now, c.viewer) {
		err = collector.Refuse(collector.Denied, "", "what you may see was changed meanwhile; ask again")
	}
	return err
}

// local lets in who comes through the socket: the local administrator, or the user it acts as.
func (a *Admin) local(next http.Handler) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := callerOfAdmin{viewer: collector.Viewer{User: collector.LocalAdministrator, Role: collector.Admin, Everyone: true}}
		if as := r.Header.Values(AsHeader); len(as) > 0 { // one that names nobody too
			caller.again = func(context.Context) (collector.Viewer, error) {
				return a.Access.As(as[0], collector.LocalAdministrator)
			}
			var err error
			if caller.viewer, err = caller.again(r.Context()); err != nil && strings.HasPrefix(r.URL.Path, filesPath) {
				plainRefusal(w, err)
				return
			} else if err != nil {
				_ = refusals.Write(w, r, problem(err)) // the caller may be gone
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewerKey{}, caller)))
	})
}

// bearing lets in who brings a token, before a byte of the body is read, and whoever wants to sign in once the body is
// there: nobody holds others up by sending slowly.
func (a *Admin) bearing(next http.Handler) http.Handler {
	limits := a.Agents.limits
	strangers := semaphore.NewWeighted(maxArriving)
	calls := semaphore.NewWeighted(maxWebCalls)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse := limits.refuse
		switch {
		case strings.HasPrefix(r.URL.Path, filesPath):
			refuse = limits.refuseFile
		case !strings.HasPrefix(r.URL.Path, "/"+adminv1connect.AdminServiceName+"/"):
			next.ServeHTTP(w, r)
			return
		}
		if access.Open(r.URL.Path) {
			body, held, err := receive(w, r, strangers, maxSmallBytes)
			defer func() { strangers.Release(held) }()
			if err != nil {
				refuse(w, r, err)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		if !calls.TryAcquire(1) {
			refuse(w, r, collector.Refuse(collector.TooMany, "", "the collector has too much to do; come back soon"))
			return
		}
		defer calls.Release(1)
		caller, err := a.identify(r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewerKey{}, caller)))
	})
}

// identify gives who calls over the network: the bearer of a token or, where the call is of our own pages, of a cookie.
// Tokens and passwords do not cross it in the clear.
func (a *Admin) identify(r *http.Request) (callerOfAdmin, error) {
	caller := callerOfAdmin{from: a.From(r), site: a.site(r)}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || r.TLS == nil &&
		!peer.Addr().Unmap().IsLoopback() && !a.Agents.proxies.trust(peer.Addr().Unmap()) {
		return caller, collector.Refuse(collector.Denied, "", "only trusted_proxies may come without TLS")
	}
	authorization := r.Header.Get("Authorization")
	if authorization == "" { // then the browser itself may have put in who it is, or takes on who it becomes
		if err := ownPage(r, caller.site); err != nil {
			return caller, err
		}
		authorization = cookieOf(r)
	}
	if access.Open(r.URL.Path) {
		if r.Header.Get("Content-Encoding") != "" {
			return caller, collector.Refuse(collector.BadRequest, "content-encoding", "sign-in is not compressed")
		}
		return caller, nil
	}
	caller.again = func(ctx context.Context) (collector.Viewer, error) { return a.Access.Authenticate(ctx, authorization) }
	var err error
	caller.viewer, err = caller.again(r.Context())
	return caller, err
}

// permitted holds every call to the table of who may call what.
type permitted struct{}

// WrapUnary of connect.Interceptor.
func (permitted) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if err := access.Permit(viewerOf(ctx), req.Spec().Procedure); err != nil {
			return nil, err
		}
		return next(ctx, req)
	}
}

// WrapStreamingClient of connect.Interceptor; there is none here.
func (permitted) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler of connect.Interceptor.
func (permitted) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		if err := access.Permit(viewerOf(ctx), conn.Spec().Procedure); err != nil {
			return err
		}
		return next(ctx, heldStream{conn, ctx})
	}
}

// heldStream holds each part of a long answer to what its reader may see when it leaves.
type heldStream struct {
	connect.StreamingHandlerConn
	ctx context.Context
}

// Send of connect.StreamingHandlerConn.
func (s heldStream) Send(message any) error {
	if err := stillAllowed(s.ctx); err != nil {
		return err
	}
	return s.StreamingHandlerConn.Send(message)
}
