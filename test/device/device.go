// Package device is a device made of nothing but the contract: it enrols, signs in and syncs what it is told to. The
// load generator runs thousands of them; the fault tests use one where an agent would be too well-behaved.
package device

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/zstd"

	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/token"
)

// Device is one simulated device and the stream it is sending.
type Device struct {
	Credential *agentv1.Credential

	key     ed25519.PrivateKey
	client  agentv1connect.AgentServiceClient
	session string
}

// Client speaks the contract to the collector at address ("host:port"), which it recognises by the pin. The transport
// may be shared by many devices.
func Client(address string, transport http.RoundTripper) agentv1connect.AgentServiceClient {
	return agentv1connect.NewAgentServiceClient(&http.Client{Transport: transport, Timeout: time.Minute}, "https://"+address,
		connect.WithSendCompression("zstd"), connect.WithCompressMinBytes(1<<10),
		connect.WithAcceptCompression("zstd",
			func() connect.Decompressor {
				reader, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
				if err != nil {
					panic(err) // only the options could be wrong
				}
				return decompressor{reader}
			},
			func() connect.Compressor {
				writer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithEncoderLevel(zstd.SpeedFastest))
				if err != nil {
					panic(err)
				}
				return writer
			}))
}

type decompressor struct{ *zstd.Decoder }

// Close of io.Closer; the decoder is reset and used again.
func (d decompressor) Close() error { return d.Reset(nil) }

var _ io.ReadCloser = decompressor{}

// Transport keeps at most conns connections to a collector whose authority has the pin.
func Transport(pin [32]byte, conns int) *http.Transport {
	return &http.Transport{
		MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns, IdleConnTimeout: 2 * time.Minute,
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, // the chain is judged below, by the pin
			VerifyConnection: func(state tls.ConnectionState) error {
				roots, between := x509.NewCertPool(), x509.NewCertPool()
				for _, cert := range state.PeerCertificates {
					if sha256.Sum256(cert.RawSubjectPublicKeyInfo) == pin {
						roots.AddCert(cert)
					} else {
						between.AddCert(cert)
					}
				}
				_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: state.ServerName})
				return err
			},
			ServerName: "127.0.0.1",
		},
	}
}

// Enroll trades an enrolment string for a device.
func Enroll(ctx context.Context, enrolmentString, name string) (*Device, error) {
	carried, err := token.Parse(enrolmentString)
	if err != nil {
		return nil, err
	}
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	client := Client(carried.Addresses[0], Transport(carried.Pin, 1))
	challenge, err := client.Challenge(ctx, connect.NewRequest(&agentv1.ChallengeRequest{Protocol: buildinfo.Protocol}))
	if err != nil {
		return nil, err
	}
	answer, err := client.Enroll(ctx, connect.NewRequest(&agentv1.EnrollRequest{
		Protocol: buildinfo.Protocol, Secret: carried.Secret, PublicKey: public, Nonce: challenge.Msg.Nonce,
		Facts: &agentv1.DeviceFacts{Name: name, Os: "linux", OsVersion: "test", Arch: "amd64", AgentVersion: buildinfo.Version, TimeZone: "UTC"},
		Proof: token.EnrollStatement(challenge.Msg.Collector, challenge.Msg.Nonce, carried.Secret).Sign(key),
	}))
	if err != nil {
		return nil, err
	}
	return Known(answer.Msg.Credential, key, client), nil
}

// Known is a device that was enrolled before.
func Known(credential *agentv1.Credential, key ed25519.PrivateKey, client agentv1connect.AgentServiceClient) *Device {
	return &Device{Credential: credential, key: key, client: client}
}

// SignIn gets a session of one hour.
func (d *Device) SignIn(ctx context.Context) error {
	challenge, err := d.client.Challenge(ctx, connect.NewRequest(&agentv1.ChallengeRequest{Protocol: buildinfo.Protocol}))
	if err != nil {
		return fmt.Errorf("device: challenge: %w", err)
	}
	answer, err := d.client.SignIn(ctx, connect.NewRequest(&agentv1.SignInRequest{
		Protocol: buildinfo.Protocol, Credential: d.Credential, Nonce: challenge.Msg.Nonce,
		Proof: token.SignInStatement(challenge.Msg.Collector, challenge.Msg.Nonce, d.Credential.Device).Sign(d.key),
	}))
	if err != nil {
		return fmt.Errorf("device: sign in: %w", err)
	}
	d.session = answer.Msg.Token
	return nil
}

// Session is the token of the session; empty before SignIn.
func (d *Device) Session() string { return d.session }

// Sync sends a request, signing in first where that is due.
func (d *Device) Sync(ctx context.Context, request *agentv1.SyncRequest) (*agentv1.SyncResponse, error) {
	if d.session == "" {
		if err := d.SignIn(ctx); err != nil {
			return nil, err
		}
	}
	request.Protocol = buildinfo.Protocol
	call := connect.NewRequest(request)
	call.Header().Set("Authorization", "Bearer "+d.session)
	answer, err := d.client.Sync(ctx, call)
	if err != nil {
		if connect.CodeOf(err) == connect.CodeUnauthenticated {
			d.session = ""
		}
		return nil, fmt.Errorf("device: sync: %w", err)
	}
	return answer.Msg, nil
}
