// Package certificate is how agents and browsers recognise the collector: its own certificate authorities and the
// leaves they sign, a certificate kept in files, or none behind a proxy (security.md 2).
package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"time"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/token"
)

// The modes of collector.yaml's tls.mode.
const (
	SelfSigned = "self-signed"
	Files      = "files"
	Off        = "off"
)

// Vault keeps the authorities' keys, sealed.
type Vault interface {
	Secret(ctx context.Context, name string, generate func() ([]byte, error)) ([]byte, error)
	PutSecret(ctx context.Context, name string, value []byte) error
}

// Options say what the collector is called and where its certificate comes from.
type Options struct {
	Mode string
	// PublicURL is what links and agents use; its host is the first name.
	PublicURL string
	// Names are further names and addresses the collector is reached by.
	Names []string
	// CertFile and KeyFile hold PEM (mode files). They are read again when they change.
	CertFile, KeyFile string
	Vault             Vault
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Keeper presents certificates and says how they are recognised. Safe for concurrent use.
type Keeper struct {
	mode      string
	addresses []string
	names     []string
	own       *authorities
	files     *pair
	now       func() time.Time
	log       *slog.Logger
}

// Open prepares the certificates, making a certificate authority at the first start and beside the present ones where
// a needed name is outside what they may sign.
func Open(ctx context.Context, o Options) (*Keeper, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	addresses, names, err := reachedBy(o.PublicURL, o.Names)
	if err != nil {
		return nil, err
	}
	k := &Keeper{mode: o.Mode, addresses: addresses, names: names, now: o.Now, log: o.Log}
	switch o.Mode {
	case SelfSigned:
		k.own, err = openAuthorities(ctx, o.Vault, names, o.Now)
	case Files:
		if k.files, err = openPair(o.CertFile, o.KeyFile, o.Now, o.Log); err == nil {
			// Authorities of an earlier self-signed time go on serving agents that know nothing else yet.
			k.own, err = openAuthorities(ctx, o.Vault, nil, o.Now)
		}
	case Off:
	default:
		err = fmt.Errorf("certificate: tls.mode: %q is not one of self-signed, files, off", o.Mode)
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// reachedBy gives the addresses agents use, best first, and the names a certificate has to hold.
func reachedBy(publicURL string, more []string) (addresses, names []string, err error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, nil, fmt.Errorf("certificate: public_url: %q is no address such as https://dayline.example.com:8443", publicURL)
	}
	names = []string{canonical(u.Hostname())}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	addresses = []string{net.JoinHostPort(u.Hostname(), port)}
	for _, name := range more {
		name = canonical(name)
		if slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		if len(addresses) < token.MaxAddresses && !slices.Contains(loopbackNames, name) {
			addresses = append(addresses, net.JoinHostPort(name, port))
		}
	}
	for _, address := range addresses {
		if err := token.CheckAddress(address); err != nil {
			return nil, nil, fmt.Errorf("certificate: public_url and tls.names: %w", err)
		}
	}
	return addresses, names, nil
}

// TLS is the configuration of a listener, nil where TLS is off.
func (k *Keeper) TLS() *tls.Config {
	if k.mode == Off {
		return nil
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: k.certificate,
	}
}

func (k *Keeper) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if k.files != nil && !(slices.Contains(hello.SupportedProtos, token.PinProtocol) && k.own.any()) {
		return k.files.get()
	}
	name := canonical(hello.ServerName)
	if name == "" {
		name = k.addressed(hello.Conn)
	}
	return k.own.leafFor(name)
}

// addressed is the name for a client that named none, since it dialled a bare address: the one it reached, if we go
// by it, else the first bare address we go by.
func (k *Keeper) addressed(conn net.Conn) string {
	if conn != nil {
		if local, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
			ip := canonical(local.Addr().Unmap().WithZone("").String())
			if slices.Contains(k.names, ip) || local.Addr().Unmap().IsLoopback() {
				return ip
			}
		}
	}
	for _, name := range k.names {
		if _, err := netip.ParseAddr(name); err == nil {
			return name
		}
	}
	return k.names[0]
}

// Trust is what every sync's answer says: where the collector is found and how it is recognised from now on.
func (k *Keeper) Trust() *agentv1.Trust {
	if k.mode != SelfSigned {
		return &agentv1.Trust{Addresses: k.addresses, Mode: token.TrustSystem}
	}
	return &agentv1.Trust{Addresses: k.addresses, Mode: token.TrustPin, Pins: k.own.pins()}
}

// Enrolment gives a token for a new agent, lacking only its secret.
func (k *Keeper) Enrolment() (token.Token, error) {
	t := token.Token{Addresses: k.addresses, Trust: token.TrustSystem}
	if k.mode != SelfSigned {
		return t, nil
	}
	ca := k.own.signerOf(k.names[0])
	if ca == nil {
		return t, errors.New("certificate: no authority for " + k.names[0])
	}
	t.Trust, t.Pin = token.TrustPin, ca.pin
	return t, nil
}

// LeafPin recognises the collector under its first name for those who know no authority's pin, such as curl: SHA-256 of the
// SubjectPublicKeyInfo of the certificate that it presents, which stays when that is renewed. It is zero where the system's
// trust store decides.
func (k *Keeper) LeafPin() (pin [32]byte, err error) {
	if k.mode != SelfSigned {
		return pin, nil
	}
	leaf, err := k.own.leafFor(k.names[0])
	if err != nil {
		return pin, err
	}
	return Pin(leaf.Leaf), nil
}

// Run keeps a successor ready for authorities near their end, until the context ends.
func (k *Keeper) Run(ctx context.Context) error {
	if k.mode != SelfSigned {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(12 * time.Hour)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := k.own.ensure(ctx, k.names); err != nil {
				k.log.Error("certificate authority not renewed", "error", err)
			}
		}
	}
}
