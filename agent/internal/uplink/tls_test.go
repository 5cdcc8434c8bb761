package uplink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/token"
)

// reach calls the collector as a device that trusts this would.
func reach(t *testing.T, trust Trust, told time.Time) error {
	t.Helper()
	trusted, err := NewTrusted(filepath.Join(t.TempDir(), "trust.json"), trust, told)
	if err != nil {
		t.Fatal(err)
	}
	return call(t, trusted)
}

func call(t *testing.T, trusted *Trusted) error {
	client := NewClient(trusted, nil)
	defer client.Close()
	_, err := challenge(t.Context(), client)
	return err
}

func TestThePinDecides(t *testing.T) {
	hour := time.Hour
	for name, test := range map[string]struct {
		host     string
		from, to time.Duration
		told     time.Duration
		pin      func(*uplinktest.Collector) []byte
		trusted  bool
	}{
		"good":                               {from: -hour, to: hour, trusted: true},
		"the device's clock lags":            {from: 1000 * hour, to: 2000 * hour, trusted: true},
		"expired by the collector's time":    {from: -3 * hour, to: -hour, trusted: false},
		"expired by the device's clock":      {from: -3 * hour, to: -hour, told: -2 * hour, trusted: true},
		"for another host":                   {host: "other.example.com", from: -hour, to: hour, trusted: false},
		"of another authority":               {from: -hour, to: hour, pin: func(*uplinktest.Collector) []byte { return make([]byte, 32) }, trusted: false},
		"of the leaf, which is no authority": {from: -hour, to: hour, pin: leafPin, trusted: false},
	} {
		t.Run(name, func(t *testing.T) {
			c := uplinktest.Start(t)
			c.Stop()
			host := test.host
			if host == "" {
				host = "127.0.0.1"
			}
			now := time.Now()
			c.Listen(c.Authority.Leaf(t, host, now.Add(test.from), now.Add(test.to)))
			pin := c.Authority.Pin[:]
			if test.pin != nil {
				pin = test.pin(c)
			}
			err := reach(t, Trust{Addresses: []string{c.Address}, Mode: token.TrustPin, Pins: [][]byte{pin}}, now.Add(test.told))
			if test.trusted != (err == nil) || err != nil && !errors.Is(err, ErrUntrusted) {
				t.Errorf("trusted is %v: %v", test.trusted, err)
			}
		})
	}
}

// leafPin is of the key the server shows itself.
func leafPin(c *uplinktest.Collector) []byte {
	conn, err := tls.Dial("tcp", c.Address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return nil
	}
	defer conn.Close()
	return spki(conn.ConnectionState().PeerCertificates[0])
}

// public is an authority that the system trusts here. The system's store is read once a process, so it is there before
// any test.
var public *uplinktest.Authority

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "")
	if err == nil {
		public, err = uplinktest.MakeAuthority()
	}
	if err == nil {
		file := filepath.Join(folder, "roots.pem")
		raw := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public.Certificate.Raw})
		err = errors.Join(os.WriteFile(file, raw, 0o600), os.Setenv("SSL_CERT_FILE", file), os.Setenv("SSL_CERT_DIR", folder))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// An authority that the system trusts is not one that was pinned, and the other way round.
func TestPinAndSystemDoNotFallIntoEachOther(t *testing.T) {
	pinned, moved := uplinktest.Start(t), uplinktest.Start(t)
	moved.Stop()
	moved.Listen(public.Leaf(t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	system := func(c *uplinktest.Collector) Trust {
		return Trust{Addresses: []string{c.Address}, Mode: token.TrustSystem}
	}
	if err := reach(t, system(pinned), time.Now()); err == nil {
		t.Error("the system's trust accepted an authority it does not have")
	}
	if err := reach(t, system(moved), time.Now()); err != nil {
		t.Errorf("the system's trust: %v", err)
	}
	pin := Trust{Addresses: []string{moved.Address}, Mode: token.TrustPin, Pins: [][]byte{pinned.Authority.Pin[:]}}
	if err := reach(t, pin, time.Now()); !errors.Is(err, ErrUntrusted) {
		t.Errorf("a pin fell to the system's trust: %v", err)
	}
}

// Renaming, rotation and moving to a public certificate: the newest set is tried first and the one before it kept.
func TestTheLastTwoSetsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trust.json")
	old, next := uplinktest.Start(t), uplinktest.Start(t)
	set := func(c *uplinktest.Collector) *agentv1.Trust {
		return &agentv1.Trust{Addresses: []string{c.Address}, Mode: token.TrustPin, Pins: [][]byte{c.Authority.Pin[:]}}
	}
	first, err := fromAnswer(set(old))
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := NewTrusted(path, first, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	client := NewClient(trusted, nil)
	defer client.Close()
	ask := func(what string) {
		t.Helper()
		if _, err := challenge(t.Context(), client); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	ask("at first")
	if err := trusted.Learn(set(next), 0); err != nil {
		t.Fatal(err)
	}
	ask("after it moved")
	old.Stop()
	ask("after the old one has gone")
	next.Stop()
	old.Listen(old.Authority.Leaf(t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	ask("after the move was taken back")
	for range 3 {
		if err := trusted.Learn(&agentv1.Trust{Addresses: []string{"dayline.example.com:443"}, Mode: token.TrustSystem}, 0); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := LoadTrusted(path)
	if err != nil {
		t.Fatal(err)
	}
	if sets := loaded.Sets(); len(sets) != 2 || sets[0].Mode != token.TrustSystem || sets[1].Addresses[0] != next.Address {
		t.Errorf("kept %+v", sets)
	}
	for _, bad := range []*agentv1.Trust{
		{}, {Addresses: []string{"https://x:1"}, Mode: token.TrustSystem}, {Addresses: []string{"x:1"}, Mode: token.TrustPin},
		{Addresses: []string{"x:1"}, Mode: "none"}, {Addresses: []string{"x:1"}, Mode: token.TrustPin, Pins: [][]byte{{1}}},
		{Addresses: []string{"a:1", "b:1", "c:1", "d:1"}, Mode: token.TrustSystem},
	} {
		if err := loaded.Learn(bad, 0); err == nil {
			t.Errorf("learnt %v", bad)
		}
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	authority := uplinktest.NewAuthority(t)
	server := httptest.NewUnstartedServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Leaf(t, "127.0.0.1", time.Now(), time.Now().Add(time.Hour))}}
	server.StartTLS()
	defer server.Close()
	trust := Trust{Addresses: []string{server.Listener.Addr().String()}, Mode: token.TrustPin, Pins: [][]byte{authority.Pin[:]}}
	if err := reach(t, trust, time.Now()); err == nil || asked {
		t.Errorf("redirected: %v, asked elsewhere %v", err, asked)
	}
}

// An answer that unpacks to more than an answer has is not read.
func TestAnAnswerIsBounded(t *testing.T) {
	authority := uplinktest.NewAuthority(t)
	_, handler := agentv1connect.NewAgentServiceHandler(flood{})
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Leaf(t, "127.0.0.1", time.Now(), time.Now().Add(time.Hour))}}
	server.StartTLS()
	defer server.Close()
	trust := Trust{Addresses: []string{server.Listener.Addr().String()}, Mode: token.TrustPin, Pins: [][]byte{authority.Pin[:]}}
	if err := reach(t, trust, time.Now()); connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Errorf("an answer of %d bytes: %v", maxAnswerBytes+1, err)
	}
}

type flood struct {
	agentv1connect.UnimplementedAgentServiceHandler
}

func (flood) Challenge(context.Context, *connect.Request[agentv1.ChallengeRequest]) (*connect.Response[agentv1.ChallengeResponse], error) {
	return connect.NewResponse(&agentv1.ChallengeResponse{Nonce: make([]byte, maxAnswerBytes+1)}), nil
}

func TestAddressesAreTriedInTurn(t *testing.T) {
	c := uplinktest.Start(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead.Close()
	trust := Trust{Addresses: []string{dead.Addr().String(), c.Address}, Mode: token.TrustPin, Pins: [][]byte{c.Authority.Pin[:]}}
	if err := reach(t, trust, time.Now()); err != nil {
		t.Error(err)
	}
}

func TestBackOff(t *testing.T) {
	most := func() float64 { return 0.999999 }
	least := func() float64 { return 0 }
	for failures, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 9: 256 * time.Second, 10: lastRetry, 1000: lastRetry} {
		if got := retryIn(failures, 0, most); got < want || got > want+firstRetry {
			t.Errorf("failure %d: at most %s", failures, got)
		}
		if got := retryIn(failures, 0, least); got > firstRetry {
			t.Errorf("failure %d: at least %s", failures, got)
		}
	}
	if got := retryIn(1, time.Minute, least); got != time.Minute {
		t.Errorf("asked for a minute: %s", got)
	}
	for _, step := range []struct {
		inUse       bool
		random      func() float64
		least, most time.Duration
	}{
		{true, least, 40 * time.Second, 41 * time.Second}, {true, most, 55 * time.Second, 56 * time.Second},
		{false, least, 4 * time.Minute, 5 * time.Minute}, {false, most, 5 * time.Minute, 6 * time.Minute},
	} {
		if got := nextIn(step.inUse, 48*time.Second, 0, step.random); got < step.least || got > step.most {
			t.Errorf("in use %v: %s", step.inUse, got)
		}
	}
}

func spki(certificate *x509.Certificate) []byte {
	sum := sumSPKI(certificate)
	return sum[:]
}
