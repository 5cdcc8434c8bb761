// Package uplinktest is a small collector for tests of the agent: it speaks the contract over real TLS, checks every
// proof, and keeps each stream's head as a collector does. What it holds is in memory.
package uplinktest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
)

// Secret is what devices enrol with.
const Secret = "test-secret-0123456789abcdef"

const name, nonce = "c-test", "0123456789abcdef0123456789abcdef"

// Collector is running until its test is over. Fields may be changed while it is locked (Lock).
type Collector struct {
	sync.Mutex
	Authority *Authority
	Address   string
	// Records are all stored episodes, in the order of their arrival.
	Records []stream.Record
	// Syncs are all requests that were let in.
	Syncs []*agentv1.SyncRequest
	// Answer may change an answer, or refuse, before anything is stored.
	Answer func(request *agentv1.SyncRequest, answer *agentv1.SyncResponse) error
	// Lose drops the connection of so many syncs after they were stored.
	Lose int
	// Day answers where a login sees its day; nil: as a collector does that is too old to know.
	Day func(login *agentv1.Login) (url string, err error)
	// Files answers what lies below release.Path, for signed-in devices; nil: nothing does.
	Files http.HandlerFunc
	// EnrollErr refuses enrolment.
	EnrollErr error

	t        testing.TB
	key      ed25519.PrivateKey
	devices  map[string][]byte
	heads    map[stream.ID]head
	bytes    int
	server   *http.Server
	listener net.Listener
	signIns  int
}

type head struct {
	last    uint64
	digests map[uint64]stream.Digest
}

// Start runs a collector at a port of the kernel's choice.
func Start(t testing.TB) *Collector {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &Collector{t: t, Authority: NewAuthority(t), key: key, devices: map[string][]byte{}, heads: map[stream.ID]head{}}
	c.Listen(c.Authority.Leaf(t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	t.Cleanup(c.Stop)
	return c
}

// Token enrols with it.
func (c *Collector) Token() token.Token {
	return token.Token{Addresses: []string{c.Address}, Trust: token.TrustPin, Pin: c.Authority.Pin, Secret: Secret}
}

// Restart begins anew at the same address: all sessions are gone; what is stored stays.
func (c *Collector) Restart() {
	c.t.Helper()
	c.Stop()
	c.Lock()
	c.signIns++
	c.Unlock()
	c.Listen(c.Authority.Leaf(c.t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
}

// Restore forgets what came after the first so many episodes, as a backup does.
func (c *Collector) Restore(records int) {
	c.Lock()
	defer c.Unlock()
	c.Records = c.Records[:records]
	for id, h := range c.heads {
		h.last = min(h.last, uint64(records))
		c.heads[id] = h
	}
}

// Titles of all stored episodes.
func (c *Collector) Titles() []string {
	c.Lock()
	defer c.Unlock()
	titles := make([]string, 0, len(c.Records))
	for _, record := range c.Records {
		titles = append(titles, record.Title)
	}
	return titles
}

// Bytes counts what went over its connections, both ways.
func (c *Collector) Bytes() int {
	c.Lock()
	defer c.Unlock()
	return c.bytes
}

// Refusal is what a collector answers; code is one of Problem's.
func Refusal(code, field, reason string) error {
	codes := map[string]connect.Code{
		"signed_out": connect.CodeUnauthenticated, "unknown_device": connect.CodeUnauthenticated, "too_large": connect.CodeOutOfRange,
		"bad_request": connect.CodeInvalidArgument, "no_space": connect.CodeUnavailable, "internal": connect.CodeInternal,
	}
	kind, known := codes[code]
	if !known {
		kind = connect.CodePermissionDenied
	}
	refusal := connect.NewError(kind, errors.New(reason))
	if detail, err := connect.NewErrorDetail(&agentv1.Problem{Code: code, Field: field, Reason: reason}); err == nil {
		refusal.AddDetail(detail)
	}
	if code == "no_space" {
		refusal.Meta().Set("Retry-After", "7")
	}
	return refusal
}

// Challenge of the contract.
func (c *Collector) Challenge(context.Context, *connect.Request[agentv1.ChallengeRequest]) (*connect.Response[agentv1.ChallengeResponse], error) {
	return connect.NewResponse(&agentv1.ChallengeResponse{Nonce: []byte(nonce), Collector: name, CollectorTimeMs: time.Now().UnixMilli()}), nil
}

// Enroll of the contract.
func (c *Collector) Enroll(_ context.Context, r *connect.Request[agentv1.EnrollRequest]) (*connect.Response[agentv1.EnrollResponse], error) {
	c.Lock()
	defer c.Unlock()
	switch {
	case c.EnrollErr != nil:
		return nil, c.EnrollErr
	case r.Msg.Secret != Secret:
		return nil, Refusal("bad_secret", "secret", "unknown")
	case !token.EnrollStatement(name, []byte(nonce), Secret).Verify(r.Msg.PublicKey, r.Msg.Proof):
		return nil, Refusal("bad_request", "proof", "not by this key")
	}
	device := "d-0123456789abcdef"
	c.devices[device] = r.Msg.PublicKey
	return connect.NewResponse(&agentv1.EnrollResponse{
		Device: device, Credential: c.credential(device, r.Msg.PublicKey), CollectorTimeMs: time.Now().UnixMilli(),
	}), nil
}

func (c *Collector) credential(device string, publicKey []byte) *agentv1.Credential {
	now := time.Now().UnixMilli()
	return &agentv1.Credential{
		Device: device, PublicKey: publicKey, IssuedMs: now, Signature: token.CredentialStatement(device, publicKey, now).Sign(c.key),
	}
}

// SignIn of the contract.
func (c *Collector) SignIn(_ context.Context, r *connect.Request[agentv1.SignInRequest]) (*connect.Response[agentv1.SignInResponse], error) {
	c.Lock()
	defer c.Unlock()
	credential := r.Msg.Credential
	statement := token.CredentialStatement(credential.GetDevice(), credential.GetPublicKey(), credential.GetIssuedMs())
	if !statement.Verify(c.key.Public().(ed25519.PublicKey), credential.GetSignature()) ||
		!token.SignInStatement(name, []byte(nonce), credential.Device).Verify(credential.PublicKey, r.Msg.Proof) {
		return nil, Refusal("unknown_device", "", "unknown")
	}
	if string(c.devices[credential.Device]) != string(credential.PublicKey) {
		return nil, Refusal("unknown_device", "", "its key was replaced")
	}
	return connect.NewResponse(&agentv1.SignInResponse{Token: c.session(), ExpiresMs: time.Now().Add(time.Hour).UnixMilli()}), nil
}

func (c *Collector) session() string { return "session-" + string(rune('a'+c.signIns)) }

// Rekey of the contract.
func (c *Collector) Rekey(_ context.Context, r *connect.Request[agentv1.RekeyRequest]) (*connect.Response[agentv1.RekeyResponse], error) {
	c.Lock()
	defer c.Unlock()
	device := r.Msg.Credential.GetDevice()
	statement := token.RekeyStatement(name, []byte(nonce), device, r.Msg.NewPublicKey)
	if !statement.Verify(c.devices[device], r.Msg.OldProof) || !statement.Verify(r.Msg.NewPublicKey, r.Msg.NewProof) {
		return nil, Refusal("bad_request", "proof", "not by these keys")
	}
	c.devices[device] = r.Msg.NewPublicKey
	c.signIns++
	return connect.NewResponse(&agentv1.RekeyResponse{Credential: c.credential(device, r.Msg.NewPublicKey)}), nil
}

// Sync of the contract.
func (c *Collector) Sync(_ context.Context, r *connect.Request[agentv1.SyncRequest]) (*connect.Response[agentv1.SyncResponse], error) {
	c.Lock()
	defer c.Unlock()
	if r.Header().Get("Authorization") != "Bearer "+c.session() {
		return nil, Refusal("signed_out", "", "sign in first")
	}
	c.Syncs = append(c.Syncs, r.Msg)
	answer := &agentv1.SyncResponse{CollectorTimeMs: time.Now().UnixMilli()}
	if c.Answer != nil {
		if err := c.Answer(r.Msg, answer); err != nil {
			return nil, err
		}
	}
	if r.Msg.Batch != nil {
		if err := c.store(r.Msg.Batch, answer); err != nil {
			return nil, err
		}
	}
	if c.Lose > 0 {
		c.Lose--
		panic(http.ErrAbortHandler)
	}
	return connect.NewResponse(answer), nil
}

func (c *Collector) hand(w http.ResponseWriter, r *http.Request) {
	c.Lock()
	files, session := c.Files, c.session()
	c.Unlock()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+session:
		w.WriteHeader(http.StatusUnauthorized)
	case files == nil:
		http.NotFound(w, r)
	default:
		files(w, r)
	}
}

// MyDay of the contract.
func (c *Collector) MyDay(_ context.Context, r *connect.Request[agentv1.MyDayRequest]) (*connect.Response[agentv1.MyDayResponse], error) {
	c.Lock()
	defer c.Unlock()
	switch {
	case c.Day == nil:
		return nil, connect.NewError(connect.CodeUnimplemented, nil)
	case r.Header().Get("Authorization") != "Bearer "+c.session():
		return nil, Refusal("signed_out", "", "sign in first")
	}
	url, err := c.Day(r.Msg.Login)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&agentv1.MyDayResponse{Url: url}), nil
}

// store takes a batch as security.md §3 says: a repeat is acknowledged again, a digest that does not fit is a fork.
func (c *Collector) store(batch *agentv1.Batch, answer *agentv1.SyncResponse) error {
	opened, err := stream.Open(batch)
	if err != nil {
		return Refusal("bad_request", "batch", err.Error())
	}
	answer.Stream = batch.Stream
	h, known := c.heads[opened.ID]
	if !known {
		h.digests = map[uint64]stream.Digest{0: {}}
	}
	if before, remembered := h.digests[opened.First-1]; answer.Fork || remembered && before != opened.Before {
		answer.Fork = true
		return nil
	}
	for i, entry := range opened.Entries {
		sequence := opened.First + uint64(i)
		if after, remembered := h.digests[sequence]; remembered && sequence <= h.last && after != entry.After {
			answer.Fork = true
			return nil
		}
	}
	refused := map[uint64]bool{}
	for _, refusal := range answer.Refusals {
		refused[refusal.Sequence] = true
	}
	for i, entry := range opened.Entries {
		sequence := opened.First + uint64(i)
		h.digests[sequence] = entry.After
		if sequence > h.last && !refused[sequence] {
			c.Records = append(c.Records, entry.Record)
		}
		h.last = max(h.last, sequence)
	}
	c.heads[opened.ID] = h
	if answer.LastSequence == 0 {
		answer.LastSequence = h.last
	}
	return nil
}

var _ agentv1connect.AgentServiceHandler = (*Collector)(nil)

// counted counts the bytes of a connection.
type counted struct {
	net.Conn
	c *Collector
}

func (conn counted) Read(p []byte) (int, error) {
	n, err := conn.Conn.Read(p)
	conn.c.count(n)
	return n, err
}

func (conn counted) Write(p []byte) (int, error) {
	n, err := conn.Conn.Write(p)
	conn.c.count(n)
	return n, err
}

func (c *Collector) count(n int) {
	c.Lock()
	defer c.Unlock()
	c.bytes += n
}
