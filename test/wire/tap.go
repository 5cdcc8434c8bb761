package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Tap is a proxy that ends TLS in front of a collector with `tls: {mode: off}`, as a company's own would, and keeps
// what passes, decompressed.
type Tap struct {
	// CertFile holds the certificate of the tap's authority; an agent with SSL_CERT_FILE set to it trusts the tap.
	CertFile string

	listener net.Listener
	server   *http.Server
	served   chan struct{}
	mu       sync.Mutex
	seen     bytes.Buffer
}

// NewTap listens on a port of the kernel's choice and passes calls to the target ("host:port", plain HTTP). The
// authority's certificate is written into dir.
func NewTap(target, dir string) (*Tap, error) {
	return newTap(&url.URL{Scheme: "http", Host: target}, nil, dir)
}

// NewImpostor is a tap in front of a collector that has a certificate of its own, for which the tap shows another.
func NewImpostor(target, dir string) (*Tap, error) {
	// Whoever sits there believes the collector; whether he is believed is the question.
	through := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	return newTap(&url.URL{Scheme: "https", Host: target}, through, dir)
}

func newTap(target *url.URL, through http.RoundTripper, dir string) (*Tap, error) {
	cert, authority, err := certificate()
	if err != nil {
		return nil, err
	}
	t := &Tap{CertFile: filepath.Join(dir, "tap.pem"), served: make(chan struct{})}
	if err := os.WriteFile(t.CertFile, authority, 0o600); err != nil {
		return nil, err
	}
	t.listener, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Transport: through,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
		ModifyResponse: t.answer,
		ErrorLog:       log.New(io.Discard, "", 0),
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	t.server = &http.Server{Handler: t.request(proxy), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 5 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}}
	go func() {
		defer close(t.served)
		_ = t.server.ServeTLS(t.listener, "", "")
	}()
	return t, nil
}

// Address is where agents connect.
func (t *Tap) Address() string { return t.listener.Addr().String() }

// Close ends the tap.
func (t *Tap) Close() {
	_ = t.server.Close()
	<-t.served
}

// Seen is everything that passed: addresses, headers and decompressed bodies, both ways.
func (t *Tap) Seen() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Clone(t.seen.Bytes())
}

func (t *Tap) request(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		t.keep(r.URL.String(), r.Header, body)
		next.ServeHTTP(w, r)
	})
}

func (t *Tap) answer(r *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
	if err != nil {
		return err
	}
	r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	t.keep(r.Request.URL.String(), r.Header, body)
	return nil
}

// keep adds a message in the clear; what cannot be decompressed is kept with a mark, so that a test cannot pass by
// looking at bytes it could not read.
func (t *Tap) keep(address string, header http.Header, body []byte) {
	clear, err := decompress(header.Get("Content-Encoding"), body)
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(&t.seen, address)
	_ = header.Write(&t.seen)
	if err != nil {
		fmt.Fprintln(&t.seen, Unreadable, err)
	}
	t.seen.Write(clear)
	t.seen.WriteByte('\n')
}

// Unreadable marks a message in Seen that could not be decompressed.
const Unreadable = "wire: unreadable:"

func decompress(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return body, err
		}
		return io.ReadAll(io.LimitReader(reader, 64<<20))
	case "zstd":
		reader, err := zstd.NewReader(nil)
		if err != nil {
			return body, err
		}
		defer reader.Close()
		return reader.DecodeAll(body, nil)
	}
	return body, fmt.Errorf("encoding %q", encoding)
}

// certificate gives a leaf for the loopback address and its authority in PEM.
func certificate() (tls.Certificate, []byte, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	now := time.Now()
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, key.Public(), authorityKey)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER}), nil
}
