package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/token"
)

// vault keeps secrets in memory: what a registry does with them is the registry's to prove.
type vault map[string][]byte

func (v vault) Secret(_ context.Context, name string, generate func() ([]byte, error)) ([]byte, error) {
	if _, ok := v[name]; !ok {
		value, err := generate()
		if err != nil {
			return nil, err
		}
		v[name] = value
	}
	return v[name], nil
}

func (v vault) PutSecret(_ context.Context, name string, value []byte) error {
	v[name] = value
	return nil
}

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, o Options) *Keeper {
	t.Helper()
	if o.Mode == "" {
		o.Mode = SelfSigned
	}
	if o.Now == nil {
		o.Now = func() time.Time { return day }
	}
	k, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// presented gives the chain a client sees that asks for the name and offers the protocols.
func presented(t *testing.T, k *Keeper, name string, protocols ...string) []*x509.Certificate {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	go func() { // ends with the pipe
		defer server.Close()
		_ = tls.Server(server, k.TLS()).Handshake()
	}()
	conn := tls.Client(client, &tls.Config{ServerName: name, NextProtos: protocols, InsecureSkipVerify: true})
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	return conn.ConnectionState().PeerCertificates
}

// verify checks the chain as an agent that pinned this authority does.
func verify(t *testing.T, chain []*x509.Certificate, pin [32]byte, name string, at time.Time) error {
	t.Helper()
	roots := x509.NewCertPool()
	for _, c := range chain {
		if Pin(c) == pin {
			roots.AddCert(c)
		}
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: at})
	return err
}

func TestFirstStartMakesAnAuthorityThatStays(t *testing.T) {
	v := vault{}
	o := Options{PublicURL: "https://dayline.example.com:8443", Names: []string{"10.1.2.3"}, Vault: v}
	first := open(t, o)
	enrolment, err := first.Enrolment()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := open(t, o).Enrolment(); again.Pin != enrolment.Pin {
		t.Error("a restart changed the pin")
	}
	if got := enrolment.Addresses; len(got) != 2 || got[0] != "dayline.example.com:8443" || got[1] != "10.1.2.3:8443" {
		t.Errorf("addresses %v", got)
	}
	for _, name := range []string{"dayline.example.com", "localhost"} {
		if err := verify(t, presented(t, first, name), enrolment.Pin, name, day); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := verify(t, presented(t, first, ""), enrolment.Pin, "10.1.2.3", day); err != nil {
		t.Errorf("bare address: %v", err)
	}
	ca := first.own.all[0].certificate
	if !ca.MaxPathLenZero || ca.MaxPathLen != 0 || !ca.PermittedDNSDomainsCritical || ca.NotAfter != day.Add(authorityFor) {
		t.Errorf("authority: path %d, critical %v, until %v", ca.MaxPathLen, ca.PermittedDNSDomainsCritical, ca.NotAfter)
	}
}

// What a command pins holds over a restart and over the leaf's renewal, also for an authority that was kept without a leaf's key.
func TestTheLeafsKeyStays(t *testing.T) {
	v, now := vault{}, day
	o := Options{PublicURL: "https://dayline.example.com:8443", Vault: v, Now: func() time.Time { return now }}
	leafPin := func(k *Keeper) [32]byte {
		pin, err := k.LeafPin()
		if err != nil || pin == [32]byte{} {
			t.Fatalf("pin %x, %v", pin, err)
		}
		if got := Pin(presented(t, k, "dayline.example.com")[0]); got != pin {
			t.Fatalf("%x is presented, %x is named", got, pin)
		}
		return pin
	}
	k := open(t, o)
	first := leafPin(k)
	if leafPin(open(t, o)) != first {
		t.Error("a restart changed the leaf's key")
	}
	leaf := presented(t, k, "dayline.example.com")[0]
	if now = now.Add(leafRenewFor + time.Hour); leafPin(k) != first || presented(t, k, "dayline.example.com")[0].Equal(leaf) {
		t.Error("the leaf was not renewed, or its key was")
	}

	var list []map[string][]byte
	if err := json.Unmarshal(v[secretName], &list); err != nil {
		t.Fatal(err)
	}
	delete(list[0], "leaf_key")
	v[secretName], _ = json.Marshal(list)
	enrolment, _ := k.Enrolment()
	old := open(t, o)
	if again, _ := old.Enrolment(); again.Pin != enrolment.Pin {
		t.Error("an authority without a leaf's key was not taken over")
	}
	if leafPin(open(t, o)) != leafPin(old) {
		t.Error("the key that was missing was not kept")
	}
}

func TestAuthorityCannotSignForOthers(t *testing.T) {
	k := open(t, Options{PublicURL: "https://dayline.example.com", Vault: vault{}})
	ca := k.own.all[0]
	wide := *ca.certificate
	wide.PermittedDNSDomains = []string{"bank.example.org"}
	leaf, err := (&authority{certificate: &wide, key: ca.key, leafKey: ca.leafKey}).newLeaf(nil, day)
	if err != nil {
		t.Fatal(err)
	}
	chain := []*x509.Certificate{leaf.Leaf, ca.certificate}
	if err := verify(t, chain, ca.pin, "bank.example.org", day); err == nil {
		t.Error("a leaf outside the name constraints was accepted")
	}
}

func TestRenamingAnnouncesASecondAuthority(t *testing.T) {
	v := vault{}
	old := open(t, Options{PublicURL: "https://old.example.com", Vault: v})
	before, _ := old.Enrolment()
	renamed := open(t, Options{PublicURL: "https://new.example.org", Vault: v})
	trust := renamed.Trust()
	if len(trust.Pins) != 2 || [32]byte(trust.Pins[0]) != before.Pin || trust.Addresses[0] != "new.example.org:443" {
		t.Fatalf("trust has %d pins, addresses %v", len(trust.Pins), trust.Addresses)
	}
	if err := verify(t, presented(t, renamed, "old.example.com"), before.Pin, "old.example.com", day); err != nil {
		t.Errorf("the old name no longer serves agents that know it: %v", err)
	}
	after, _ := renamed.Enrolment()
	if after.Pin == before.Pin {
		t.Error("the enrolment string pins an authority that may not sign for the new name")
	}
	if err := verify(t, presented(t, renamed, "new.example.org"), after.Pin, "new.example.org", day); err != nil {
		t.Errorf("new name: %v", err)
	}
	// A narrower name below the present one needs no new authority.
	if below := open(t, Options{PublicURL: "https://a.new.example.org", Vault: v}); len(below.Trust().Pins) != 2 {
		t.Error("a permitted name made a new authority")
	}
}

func TestAuthoritiesRotateBeforeTheirEnd(t *testing.T) {
	v := vault{}
	now := day
	o := Options{PublicURL: "https://dayline.example.com", Vault: v, Now: func() time.Time { return now }}
	k := open(t, o)
	first, _ := k.Enrolment()
	now = day.Add(authorityFor - announceFor + time.Hour)
	if err := k.own.ensure(t.Context(), k.names); err != nil {
		t.Fatal(err)
	}
	if pins := k.Trust().Pins; len(pins) != 2 {
		t.Fatalf("%d pins announced a year before the end", len(pins))
	}
	if err := verify(t, presented(t, k, "dayline.example.com"), first.Pin, "dayline.example.com", now); err != nil {
		t.Errorf("agents that have not heard of the new authority yet: %v", err)
	}
	now = day.Add(authorityFor - handoverFor + time.Hour)
	second, _ := k.Enrolment()
	if second.Pin == first.Pin {
		t.Error("still signing with an authority in its last month")
	}
	if err := verify(t, presented(t, k, "dayline.example.com"), second.Pin, "dayline.example.com", now); err != nil {
		t.Errorf("after the hand-over: %v", err)
	}
	now = day.Add(authorityFor + time.Hour)
	if pins := open(t, o).Trust().Pins; len(pins) != 1 || [32]byte(pins[0]) != second.Pin {
		t.Errorf("an authority past its end is still announced")
	}
}

func TestLeafIsRenewedAfterSixtyDays(t *testing.T) {
	now := day
	k := open(t, Options{PublicURL: "https://dayline.example.com", Vault: vault{}, Now: func() time.Time { return now }})
	first := presented(t, k, "dayline.example.com")[0]
	now = day.Add(59 * 24 * time.Hour)
	if !presented(t, k, "dayline.example.com")[0].Equal(first) {
		t.Error("renewed early")
	}
	now = day.Add(61 * 24 * time.Hour)
	second := presented(t, k, "dayline.example.com")[0]
	if second.Equal(first) || second.NotAfter != now.Add(leafFor) {
		t.Errorf("not renewed: until %v", second.NotAfter)
	}
}

func TestFilesAreReadAgainAndPinnedAgentsStillServed(t *testing.T) {
	v := vault{}
	pinned, _ := open(t, Options{PublicURL: "https://dayline.example.com", Vault: v}).Enrolment()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	write := func(serial string) *x509.Certificate {
		ca, err := newAuthority([]string{serial}, day)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalECPrivateKey(ca.key)
		if err != nil {
			t.Fatal(err)
		}
		for name, block := range map[string]*pem.Block{
			cert: {Type: "CERTIFICATE", Bytes: ca.certificate.Raw}, key: {Type: "EC PRIVATE KEY", Bytes: der},
		} {
			if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return ca.certificate
	}
	first := write("a.example")
	now := day
	o := Options{Mode: Files, PublicURL: "https://dayline.example.com", CertFile: cert, KeyFile: key, Vault: v,
		Now: func() time.Time { return now }}
	k := open(t, o)
	if !presented(t, k, "dayline.example.com", "h2")[0].Equal(first) {
		t.Error("not the certificate of the files")
	}
	if trust := k.Trust(); trust.Mode != token.TrustSystem || len(trust.Pins) != 0 {
		t.Errorf("trust %v", trust)
	}
	chain := presented(t, k, "dayline.example.com", "h2", token.PinProtocol)
	if err := verify(t, chain, pinned.Pin, "dayline.example.com", day); err != nil {
		t.Errorf("an agent that knows only the pin: %v", err)
	}
	second := write("a-longer-name.example")
	now = now.Add(2 * time.Second)
	if !presented(t, k, "dayline.example.com", "h2")[0].Equal(second) {
		t.Error("changed files were not read again")
	}
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Second)
	if !presented(t, k, "dayline.example.com", "h2")[0].Equal(second) {
		t.Error("a broken file did not keep the last good certificate")
	}
	if _, err := Open(t.Context(), o); err == nil {
		t.Error("started with a broken certificate")
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for _, o := range []Options{
		{Mode: "acme", PublicURL: "https://a.example"},
		{Mode: Off, PublicURL: "dayline.example.com"},
		{Mode: Off, PublicURL: "ftp://a.example"},
		{Mode: Off, PublicURL: "https://a b"},
		{Mode: Files, PublicURL: "https://a.example", CertFile: "absent", KeyFile: "absent"},
	} {
		o.Vault = vault{}
		if _, err := Open(t.Context(), o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
	if k := open(t, Options{Mode: Off, PublicURL: "https://a.example"}); k.TLS() != nil {
		t.Error("TLS although off")
	}
}
