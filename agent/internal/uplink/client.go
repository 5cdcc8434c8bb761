package uplink

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/zstd"

	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// callFor bounds one call, connecting included.
	callFor    = 60 * time.Second
	connectFor = 15 * time.Second
	// idleFor is longer than the time between two contacts in use, and shorter than the collector's own limit.
	idleFor = 110 * time.Second
	// maxAnswerBytes bounds an answer, compressed and not; a settings document has at most half.
	maxAnswerBytes = 8 << 20
	maxHeaderBytes = 16 << 10
	zstdWindow     = 128 << 10
)

// Client calls one collector: over the addresses of its trust, newest set first, one after the other until one
// answers, and then over that one as long as it does. It is for one goroutine.
type Client struct {
	trusted *Trusted
	sets    []Trust
	routes  []route
	current int
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

type route struct {
	address   string
	transport *http.Transport
	calls     agentv1connect.AgentServiceClient
	// files come as slowly as they may: whoever reads them gives up.
	files *http.Client
}

// NewClient calls the collector that is trusted, over connections of dial (nil: TCP).
func NewClient(trusted *Trusted, dial func(ctx context.Context, network, address string) (net.Conn, error)) *Client {
	if dial == nil {
		dial = (&net.Dialer{Timeout: connectFor, KeepAlive: 30 * time.Second}).DialContext
	}
	return &Client{trusted: trusted, dial: dial}
}

// Close lets go of the connections.
func (c *Client) Close() {
	for _, route := range c.routes {
		route.transport.CloseIdleConnections()
	}
}

// do makes a call, at each address in turn while none answers. An answer, a refusal too, ends the search.
func (c *Client) do(ctx context.Context, call func(context.Context, agentv1connect.AgentServiceClient) error) error {
	c.refresh()
	var err error
	for range c.routes {
		attempt, cancel := context.WithTimeout(ctx, callFor)
		err = call(attempt, c.routes[c.current].calls)
		cancel()
		if err == nil || answered(err) || ctx.Err() != nil {
			return err
		}
		c.routes[c.current].transport.CloseIdleConnections()
		c.current = (c.current + 1) % len(c.routes)
	}
	return err
}

// refresh takes over a trust that changed.
func (c *Client) refresh() {
	sets := c.trusted.Sets()
	same := len(sets) == len(c.sets)
	for i := 0; same && i < len(sets); i++ {
		same = sets[i].equal(c.sets[i])
	}
	if same {
		return
	}
	c.Close()
	c.sets, c.routes, c.current = sets, nil, 0
	for _, set := range sets {
		for _, address := range set.Addresses {
			c.routes = append(c.routes, c.route(set, address))
		}
	}
}

func (c *Client) route(trust Trust, address string) route {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            c.dial,
		TLSClientConfig:        tlsConfig(trust, address, c.latest),
		TLSHandshakeTimeout:    connectFor,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        1,
		MaxIdleConns:           1,
		IdleConnTimeout:        idleFor,
		ResponseHeaderTimeout:  callFor,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
	}
	// No redirect is followed: what the collector is, its certificate says.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &http.Client{Transport: transport, Timeout: callFor, CheckRedirect: stay}
	return route{
		address: address, transport: transport, calls: agentv1connect.NewAgentServiceClient(client, "https://"+address, options()...),
		files: &http.Client{Transport: transport, CheckRedirect: stay},
	}
}

// latest is the time by which a pinned certificate's end is judged.
func (c *Client) latest() time.Time {
	built, told := buildinfo.BuiltAt(), c.trusted.CollectorTime()
	if told.After(built) {
		return told
	}
	return built
}

func options() []connect.ClientOption {
	return []connect.ClientOption{
		connect.WithReadMaxBytes(maxAnswerBytes),
		connect.WithSendMaxBytes(stream.MaxDecodedBytes),
		connect.WithAcceptCompression("zstd", newDecompressor, newCompressor),
		connect.WithAcceptCompression("gzip", nil, nil),
		connect.WithSendCompression("zstd"),
		connect.WithCompressMinBytes(128),
	}
}

// newCompressor is made for little memory: bodies are small.
func newCompressor() connect.Compressor {
	encoder, err := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
		zstd.WithWindowSize(zstdWindow), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // only options out of range fail, and these are constants
	}
	return encoder
}

type decompressor struct{ *zstd.Decoder }

// Close keeps the decoder for the next Reset: zstd's own Close would end it for good.
func (d decompressor) Close() error { return d.Reset(bytes.NewReader(nil)) }

func newDecompressor() connect.Decompressor {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderMaxMemory(maxAnswerBytes))
	if err != nil {
		panic(err)
	}
	return decompressor{decoder}
}

// answered tells whether an error came from the collector itself and not from the way there.
func answered(err error) bool {
	var refusal *connect.Error
	return errors.As(err, &refusal) && connect.IsWireError(refusal)
}

// problemOf gives the refusal an error carries; nil where it is none.
func problemOf(err error) *agentv1.Problem {
	var refusal *connect.Error
	if !errors.As(err, &refusal) || !connect.IsWireError(refusal) {
		return nil
	}
	for _, detail := range refusal.Details() {
		if value, err := detail.Value(); err == nil {
			if problem, ok := value.(*agentv1.Problem); ok {
				return problem
			}
		}
	}
	return nil
}

// retryAfterOf is what the answer asks to wait; 0 where it does not.
func retryAfterOf(err error) time.Duration {
	var refusal *connect.Error
	if !errors.As(err, &refusal) {
		return 0
	}
	seconds, err := strconv.Atoi(refusal.Meta().Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}
