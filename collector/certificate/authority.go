package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// How long certificates live (security.md 2), and how early an authority's successor is announced: agents learn of it
// at any sync in that time. It signs once its predecessor has less than handover left.
const (
	authorityFor = 10 * 365 * 24 * time.Hour
	leafFor      = 90 * 24 * time.Hour
	leafRenewFor = 60 * 24 * time.Hour
	announceFor  = 400 * 24 * time.Hour
	handoverFor  = 30 * 24 * time.Hour
	backdateFor  = time.Hour
	secretName   = "certificate-authorities"
)

// loopbackNames are in every authority and leaf, so that the collector's own machine always reaches it.
var loopbackNames = []string{"localhost", "127.0.0.1", "::1"}

// authority is one certificate authority of our own.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pin         [32]byte
	// leafKey is of every leaf it signs: commands of installer links name it (curl knows no authority's pin).
	leafKey *ecdsa.PrivateKey
	leaf    *tls.Certificate
	renewAt time.Time
}

// authorities are all that have not expired, oldest first.
type authorities struct {
	vault Vault
	now   func() time.Time
	names []string
	mu    sync.Mutex
	all   []*authority
}

// stored is how an authority is kept in the vault.
type stored struct {
	Certificate []byte `json:"certificate"`
	Key         []byte `json:"key"`
	// LeafKey is missing of an authority that was kept before leaves had one that stays.
	LeafKey []byte `json:"leaf_key,omitempty"`
}

// openAuthorities loads the authorities and makes those the names lack. Without names none is made.
func openAuthorities(ctx context.Context, vault Vault, names []string, now func() time.Time) (*authorities, error) {
	a := &authorities{vault: vault, now: now, names: names}
	kept, err := vault.Secret(ctx, secretName, func() ([]byte, error) { return []byte("[]"), nil })
	if err != nil {
		return nil, fmt.Errorf("certificate: read authorities: %w", err)
	}
	var list []stored
	if err := json.Unmarshal(kept, &list); err != nil {
		return nil, fmt.Errorf("certificate: authorities are damaged: %w", err)
	}
	whole := true
	for _, s := range list {
		ca, err := loadAuthority(s)
		if err != nil {
			return nil, fmt.Errorf("certificate: authorities are damaged: %w", err)
		}
		if now().Before(ca.certificate.NotAfter) {
			a.all = append(a.all, ca)
			whole = whole && len(s.LeafKey) > 0
		}
	}
	if !whole {
		if err := a.keep(ctx, a.all); err != nil {
			return nil, err
		}
	}
	return a, a.ensure(ctx, names)
}

func loadAuthority(s stored) (*authority, error) {
	certificate, err := x509.ParseCertificate(s.Certificate)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(s.Key)
	if err != nil {
		return nil, err
	}
	ca := &authority{certificate: certificate, key: key, pin: Pin(certificate)}
	if len(s.LeafKey) == 0 {
		ca.leafKey, err = newKey()
	} else {
		ca.leafKey, err = x509.ParseECPrivateKey(s.LeafKey)
	}
	return ca, err
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// Pin of a certificate: SHA-256 of its SubjectPublicKeyInfo.
func Pin(certificate *x509.Certificate) [32]byte {
	return sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
}

// ensure makes a new authority where a name is permitted by none that will live on.
func (a *authorities) ensure(ctx context.Context, names []string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	lasting := func(name string) bool {
		return slices.ContainsFunc(a.all, func(ca *authority) bool {
			return ca.permits(name) && a.now().Add(announceFor).Before(ca.certificate.NotAfter)
		})
	}
	if !slices.ContainsFunc(names, func(name string) bool { return !lasting(name) }) {
		return nil
	}
	ca, err := newAuthority(names, a.now())
	if err != nil {
		return fmt.Errorf("certificate: new authority: %w", err)
	}
	all := append(slices.Clone(a.all), ca)
	if err := a.keep(ctx, all); err != nil {
		return err
	}
	a.all = all
	return nil
}

func (a *authorities) keep(ctx context.Context, all []*authority) error {
	var list []stored
	for _, ca := range all {
		key, err := x509.MarshalECPrivateKey(ca.key)
		leafKey, err2 := x509.MarshalECPrivateKey(ca.leafKey)
		if err := errors.Join(err, err2); err != nil {
			return fmt.Errorf("certificate: keep authorities: %w", err)
		}
		list = append(list, stored{Certificate: ca.certificate.Raw, Key: key, LeafKey: leafKey})
	}
	encoded, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("certificate: keep authorities: %w", err)
	}
	if err := a.vault.PutSecret(ctx, secretName, encoded); err != nil {
		return fmt.Errorf("certificate: keep authorities: %w", err)
	}
	return nil
}

func newAuthority(names []string, now time.Time) (*authority, error) {
	key, err := newKey()
	leafKey, err2 := newKey()
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:                serial(),
		Subject:                     pkix.Name{CommonName: "Dayline collector " + now.UTC().Format(time.DateOnly)},
		NotBefore:                   now.Add(-backdateFor),
		NotAfter:                    now.Add(authorityFor),
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid:       true,
		IsCA:                        true,
		MaxPathLenZero:              true,
		PermittedDNSDomainsCritical: true,
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
		PermittedDNSDomains: []string{"localhost"},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip == nil {
			template.PermittedDNSDomains = append(template.PermittedDNSDomains, name)
		} else if v4 := ip.To4(); v4 != nil {
			template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: v4, Mask: net.CIDRMask(32, 32)})
		} else {
			template.PermittedIPRanges = append(template.PermittedIPRanges, &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)})
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{certificate: certificate, key: key, pin: Pin(certificate), leafKey: leafKey}, nil
}

// permits tells whether the authority's name constraints let it sign for the name, as RFC 5280 4.2.1.10 has it.
func (ca *authority) permits(name string) bool {
	if ip := net.ParseIP(name); ip != nil {
		return slices.ContainsFunc(ca.certificate.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) })
	}
	return slices.ContainsFunc(ca.certificate.PermittedDNSDomains, func(domain string) bool {
		return name == domain || strings.HasSuffix(name, "."+domain)
	})
}

// signerOf is the oldest authority that permits the name and is not about to end; the newest that permits it where
// all are; nil where none does. The caller need not hold the lock.
func (a *authorities) signerOf(name string) *authority {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.signer(name)
}

func (a *authorities) signer(name string) *authority {
	var last *authority
	for _, ca := range a.all {
		if !ca.permits(name) {
			continue
		}
		last = ca
		if a.now().Add(handoverFor).Before(ca.certificate.NotAfter) {
			break
		}
	}
	return last
}

// leafFor gives the certificate for a server name; for a name that none permits, the oldest authority's, since the
// client is the one to refuse.
func (a *authorities) leafFor(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ca := a.signer(name)
	if ca == nil && len(a.all) > 0 {
		ca = a.all[0]
	}
	if ca == nil {
		return nil, errors.New("certificate: no authority")
	}
	if now := a.now(); ca.leaf == nil || now.After(ca.renewAt) {
		leaf, err := ca.newLeaf(a.names, now)
		if err != nil {
			return nil, fmt.Errorf("certificate: new leaf: %w", err)
		}
		ca.leaf, ca.renewAt = leaf, now.Add(leafRenewFor)
	}
	return ca.leaf, nil
}

// newLeaf signs a certificate for every name the authority was made for and for those of today that it permits.
func (ca *authority) newLeaf(names []string, now time.Time) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "Dayline collector"},
		NotBefore:    now.Add(-backdateFor),
		NotAfter:     now.Add(leafFor),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if template.NotAfter.After(ca.certificate.NotAfter) {
		template.NotAfter = ca.certificate.NotAfter
	}
	all := append(slices.Clone(loopbackNames), ca.certificate.PermittedDNSDomains...)
	for _, network := range ca.certificate.PermittedIPRanges {
		if ones, bits := network.Mask.Size(); ones == bits {
			all = append(all, network.IP.String())
		}
	}
	for _, name := range names {
		if ca.permits(name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, &ca.leafKey.PublicKey, ca.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	// The authority travels along: an agent knows only its key's hash.
	return &tls.Certificate{Certificate: [][]byte{der, ca.certificate.Raw}, PrivateKey: ca.leafKey, Leaf: leaf}, nil
}

// pins of all authorities, oldest first.
func (a *authorities) pins() [][]byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	var pins [][]byte
	for _, ca := range a.all {
		if a.now().Before(ca.certificate.NotAfter) {
			pins = append(pins, ca.pin[:])
		}
	}
	return pins
}

func (a *authorities) any() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all) > 0
}

// serial is 127 random bits, never negative (RFC 5280 4.1.2.2).
func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // crypto/rand never fails; it ends the program instead
	}
	return n.Add(n, big.NewInt(1))
}

// canonical is a name as it is compared: lower case, without the final dot; addresses in their one shortest form.
func canonical(name string) string {
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip.Unmap().WithZone("").String()
	}
	return name
}
