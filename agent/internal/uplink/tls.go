package uplink

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/dayline-project/dayline/shared/token"
)

// ErrUntrusted: who answered is not the collector this device trusts.
var ErrUntrusted = errors.New("the certificate is not of the collector this device trusts")

// tlsConfig checks the collector for one address. With pins the system's trust store and the device's clock have no
// say: latest gives the time that expiry is judged by.
func tlsConfig(trust Trust, address string, latest func() time.Time) *tls.Config {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address // Trust.check refuses such; then the name does not fit either
	}
	config := &tls.Config{
		ServerName: host,
		MinVersion: tls.VersionTLS12,
		// A contact every five minutes is a new connection; resumed it costs a third of the bytes.
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
		CurvePreferences:   []tls.CurveID{tls.X25519, tls.CurveP256},
	}
	if trust.Mode == token.TrustSystem {
		return config
	}
	config.MinVersion = tls.VersionTLS13
	// The last is never spoken: it asks a collector that has moved to a public certificate for its own authority's.
	config.NextProtos = []string{"h2", "http/1.1", token.PinProtocol}
	// Not less but other checks: VerifyConnection runs on every connection, a resumed one too.
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		return verifyPinned(state.PeerCertificates, host, trust.Pins, latest())
	}
	return config
}

// verifyPinned demands a chain from a leaf for this host to an authority whose public key is pinned. NotBefore counts
// for nothing, so that a device whose clock lags can enrol; NotAfter is judged by latest (security.md §2).
func verifyPinned(chain []*x509.Certificate, host string, pins [][]byte, latest time.Time) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: there is none", ErrUntrusted)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	found := false
	at := latest
	for _, certificate := range chain {
		if certificate.NotBefore.After(at) {
			at = certificate.NotBefore
		}
		if certificate.IsCA && pinned(certificate, pins) {
			roots.AddCert(certificate)
			found = true
		} else {
			between.AddCert(certificate)
		}
	}
	if !found {
		return fmt.Errorf("%w: no authority of its chain is pinned", ErrUntrusted)
	}
	if err := chain[0].VerifyHostname(host); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}); err != nil {
		return fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return nil
}

func pinned(certificate *x509.Certificate, pins [][]byte) bool {
	sum := sumSPKI(certificate)
	for _, pin := range pins {
		if string(pin) == string(sum[:]) {
			return true
		}
	}
	return false
}

func sumSPKI(certificate *x509.Certificate) [32]byte {
	return sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
}
