package uplinktest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/zstd"

	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/release"
)

// Authority is a certificate authority like a collector's own.
type Authority struct {
	Certificate *x509.Certificate
	Pin         [32]byte
	key         *ecdsa.PrivateKey
}

// NewAuthority makes one, good for ten years around now.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	authority, err := MakeAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

// MakeAuthority is NewAuthority for before the tests.
func MakeAuthority() (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().AddDate(-5, 0, 0), NotAfter: time.Now().AddDate(5, 0, 0),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: certificate, Pin: sha256.Sum256(certificate.RawSubjectPublicKeyInfo), key: key}, nil
}

// Leaf is a server's certificate for a host (a name or an IP address), with the authority's behind it.
func (a *Authority) Leaf(t testing.TB, host string, from, to time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw, a.Certificate.Raw}, PrivateKey: key}
}

// Listen serves with this certificate, at the address it had before if it had one.
func (c *Collector) Listen(certificate tls.Certificate) {
	c.t.Helper()
	address := c.Address
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.Address, c.listener = listener.Addr().String(), listener
	mux := http.NewServeMux()
	mux.Handle(agentv1connect.NewAgentServiceHandler(c, connect.WithCompression("zstd", newDecompressor, newCompressor)))
	mux.HandleFunc(release.Path, c.hand)
	c.server = &http.Server{
		Handler: mux, ErrorLog: log.New(discard{}, "", 0), ReadHeaderTimeout: 5 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	server := c.server
	go func() { // ends with Stop
		if err := server.ServeTLS(countingListener{listener, c}, "", ""); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			c.t.Errorf("test collector: %v", err)
		}
	}()
}

// Stop ends it; its address refuses connections from then on.
func (c *Collector) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
	c.listener.Close() // a server that had not come to serve does not know of it
}

type countingListener struct {
	net.Listener
	c *Collector
}

// Accept of net.Listener.
func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return counted{conn, l.c}, nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func newCompressor() connect.Compressor {
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return encoder
}

type decompressor struct{ *zstd.Decoder }

// Close of connect.Decompressor.
func (d decompressor) Close() error { return d.Reset(nil) }

func newDecompressor() connect.Decompressor {
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		panic(err)
	}
	return decompressor{decoder}
}
