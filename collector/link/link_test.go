package link

import (
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/token"
)

var (
	now    = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	limits = Limits{Expiry: 72 * time.Hour, MaxDevices: 500, MaxPerMinute: 10}
	base   = token.Token{Addresses: []string{"dayline.example.com:8443"}, Trust: token.TrustPin, Pin: [32]byte{1}}
)

func TestALinkKeepsTheAccountsLimits(t *testing.T) {
	made, err := New(Request{OS: "linux", CreatedBy: "x"}, limits, base, now)
	if err != nil {
		t.Fatal(err)
	}
	if made.ExpiresAt != now.Add(72*time.Hour) || made.MaxDevices != 500 || made.MaxPerMinute != 10 {
		t.Errorf("link %+v", made)
	}
	if read, err := token.Parse(made.Installer.Encode()); err != nil || read.Secret != made.Installer.Secret || read.Pin != base.Pin {
		t.Errorf("token %v, %v", read, err)
	}
	if other, _ := New(Request{OS: "linux"}, limits, base, now); other.Installer.Secret == made.Installer.Secret || other.Secret == made.Secret {
		t.Error("two links share a secret")
	}
	if made.Secret == made.Installer.Secret || made.AddressHash != token.SecretHash(made.Secret) {
		t.Error("the address has the secret of the enrolment string, or another than is kept")
	}
}

func TestWhatALinkMayNotBe(t *testing.T) {
	for _, c := range []struct {
		field string
		wish  Request
	}{
		{"os", Request{OS: "beos"}},
		{"expires_seconds", Request{OS: "linux", Expiry: 169 * time.Hour}},
		{"max_devices", Request{OS: "linux", MaxDevices: -1}},
		{"max_devices", Request{OS: "linux", MaxDevices: 501}},
	} {
		_, err := New(c.wish, limits, base, now)
		if refusal, ok := err.(*collector.Error); !ok || refusal.Code != collector.BadRequest || refusal.Field != c.field {
			t.Errorf("%+v: %v", c.wish, err)
		}
	}
	if _, err := New(Request{OS: "linux", Expiry: time.Minute}, limits, base, now); err == nil {
		t.Error("a link of one minute was made")
	}
	if _, err := New(Request{OS: "linux"}, limits, token.Token{Trust: token.TrustPin}, now); err == nil {
		t.Error("a link without a pin or an address was made")
	}
}

func TestState(t *testing.T) {
	fresh, err := New(Request{OS: "linux", MaxDevices: 2}, limits, base, now)
	if err != nil {
		t.Fatal(err)
	}
	made := fresh.Link
	used, revoked := made, made
	used.Devices, revoked.RevokedAt = 2, now
	for want, got := range map[string]string{
		"valid": State(made, now), "expired": State(made, made.ExpiresAt), "used_up": State(used, now), "revoked": State(revoked, now),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
