// Package apitest is the least that speaks to a collector as an agent does. Tests use it; the agent's own code is
// tested against the collector end to end.
package apitest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/shared/buildinfo"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
)

// Agent is one device.
type Agent struct {
	Client     agentv1connect.AgentServiceClient
	HTTP       *http.Client
	URL        string
	Key        ed25519.PrivateKey
	Facts      *agentv1.DeviceFacts
	Credential *agentv1.Credential
	Trust      *agentv1.Trust
	Token      string
	// Revision of the settings it has.
	Revision string
	// Stream, Next and Digest are where its stream stands.
	Stream stream.ID
	Next   uint64
	Digest stream.Digest
}

// NewAgent makes an agent for a collector at url ("https://127.0.0.1:1234").
func NewAgent(t testing.TB, url string, client *http.Client, options ...connect.ClientOption) *Agent {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{
		Client: agentv1connect.NewAgentServiceClient(client, url, options...), HTTP: client, URL: url, Key: key,
		Facts: &agentv1.DeviceFacts{Name: "desk", Os: "linux", OsVersion: "12", Arch: "amd64", AgentVersion: "0.1.0", TimeZone: "UTC"},
	}
	a.NewStream()
	return a
}

// NewStream begins another stream, as a restart of the service does.
func (a *Agent) NewStream() {
	rand.Read(a.Stream[:])
	a.Next, a.Digest = 1, stream.Digest{}
}

// PinnedClient trusts chains that end in an authority with one of the pins, and nothing else. NotBefore does not count.
func PinnedClient(t testing.TB, serverName string, pins ...[]byte) *http.Client {
	t.Helper()
	transport := &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true, // VerifyConnection does it
		ServerName:         serverName,
		VerifyConnection: func(state tls.ConnectionState) error {
			roots := x509.NewCertPool()
			for _, c := range state.PeerCertificates {
				for _, pin := range pins {
					if sum := sha256.Sum256(c.RawSubjectPublicKeyInfo); string(sum[:]) == string(pin) && c.IsCA {
						roots.AddCert(c)
					}
				}
			}
			leaf := state.PeerCertificates[0]
			_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: state.ServerName, CurrentTime: leaf.NotAfter.Add(-time.Hour)})
			return err
		},
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// Challenge gives a nonce and the collector's name.
func (a *Agent) Challenge(ctx context.Context) (nonce []byte, collector string, err error) {
	answer, err := a.Client.Challenge(ctx, connect.NewRequest(&agentv1.ChallengeRequest{Protocol: buildinfo.Protocol}))
	if err != nil {
		return nil, "", err
	}
	return answer.Msg.Nonce, answer.Msg.Collector, nil
}

// Enroll trades the secret for a credential.
func (a *Agent) Enroll(ctx context.Context, secret string) error {
	nonce, name, err := a.Challenge(ctx)
	if err != nil {
		return err
	}
	answer, err := a.Client.Enroll(ctx, connect.NewRequest(&agentv1.EnrollRequest{
		Protocol: buildinfo.Protocol, Secret: secret, Facts: a.Facts, PublicKey: a.Public(), Nonce: nonce,
		Proof: token.EnrollStatement(name, nonce, secret).Sign(a.Key),
	}))
	if err != nil {
		return err
	}
	a.Credential, a.Trust = answer.Msg.Credential, answer.Msg.Trust
	return nil
}

// Public key of the agent.
func (a *Agent) Public() ed25519.PublicKey { return a.Key.Public().(ed25519.PublicKey) }

// SignIn gets a session token.
func (a *Agent) SignIn(ctx context.Context) error {
	nonce, name, err := a.Challenge(ctx)
	if err != nil {
		return err
	}
	answer, err := a.Client.SignIn(ctx, connect.NewRequest(&agentv1.SignInRequest{
		Protocol: buildinfo.Protocol, Credential: a.Credential, Nonce: nonce,
		Proof: token.SignInStatement(name, nonce, a.Credential.Device).Sign(a.Key),
	}))
	if err != nil {
		return err
	}
	a.Token = answer.Msg.Token
	return nil
}

// Rekey changes the key.
func (a *Agent) Rekey(ctx context.Context) (cloned bool, err error) {
	nonce, name, err := a.Challenge(ctx)
	if err != nil {
		return false, err
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return false, err
	}
	said := token.RekeyStatement(name, nonce, a.Credential.Device, public)
	answer, err := a.Client.Rekey(ctx, connect.NewRequest(&agentv1.RekeyRequest{
		Protocol: buildinfo.Protocol, Credential: a.Credential, Nonce: nonce, NewPublicKey: public,
		OldProof: said.Sign(a.Key), NewProof: said.Sign(key), Facts: a.Facts,
	}))
	if err != nil {
		return false, err
	}
	a.Key, a.Credential = key, answer.Msg.Credential
	return answer.Msg.Cloned, nil
}

// Send syncs a request as it is.
func (a *Agent) Send(ctx context.Context, m *agentv1.SyncRequest) (*agentv1.SyncResponse, error) {
	req := connect.NewRequest(m)
	req.Header().Set("Authorization", "Bearer "+a.Token)
	answer, err := a.Client.Sync(ctx, req)
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}

// Login is whose episodes these are.
var Login = stream.Login{Account: "ana", Name: `DESK\ana`}

// Request is a sync with these episodes next in the stream.
func (a *Agent) Request(records ...stream.Record) *agentv1.SyncRequest {
	m := &agentv1.SyncRequest{
		Protocol: buildinfo.Protocol, SettingsRevision: a.Revision, DeviceTimeMs: time.Now().UnixMilli(),
		Logins: []*agentv1.Login{{Account: Login.Account, Name: Login.Name}},
	}
	builder := stream.NewBuilder(a.Stream, a.Digest)
	for i := range records {
		if err := builder.Add(a.Next+uint64(i), stream.AppendRecord(nil, &records[i])); err != nil {
			panic(err) // a test's own mistake
		}
	}
	m.Batch = builder.Batch()
	return m
}

// ErrNotAll: the collector did not acknowledge all that was sent.
var ErrNotAll = errors.New("not all was acknowledged")

// Sync sends the episodes, takes over the settings and moves on in the stream.
func (a *Agent) Sync(ctx context.Context, records ...stream.Record) (*agentv1.SyncResponse, error) {
	m := a.Request(records...)
	answer, err := a.Send(ctx, m)
	if err != nil {
		return nil, err
	}
	if answer.Settings != nil {
		a.Revision = answer.Settings.Revision
	}
	if len(records) > 0 {
		if answer.LastSequence != a.Next+uint64(len(records))-1 {
			return answer, ErrNotAll
		}
		for i := range records {
			a.Digest = a.Digest.Next(stream.AppendRecord(nil, &records[i]))
		}
		a.Next += uint64(len(records))
	}
	return answer, nil
}

// Record is an episode of one minute that began so long ago.
func (a *Agent) Record(ago time.Duration, title string) stream.Record {
	return stream.Record{
		Login: Login, Session: "s1", Product: "Editor",
		Episode: episode.Episode{
			State: episode.Active, Start: time.Now().Add(-ago).Truncate(time.Millisecond), For: time.Minute,
			Identity: episode.Identity{App: "editor", Title: title}, EndedBy: episode.ByFocus, Revision: a.Revision,
		},
	}
}
