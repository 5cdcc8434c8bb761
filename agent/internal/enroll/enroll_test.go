package enroll_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/token"
)

func enrolment(folder string, t token.Token, say func(string)) enroll.Enrolment {
	return enroll.Enrolment{Folder: folder, Token: t, Facts: &agentv1.DeviceFacts{Name: "pc"}, Say: say}
}

func silent(string) {}

func TestTheIdentityIsKept(t *testing.T) {
	c, folder := uplinktest.Start(t), t.TempDir()
	identity, err := enrolment(folder, c.Token(), silent).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := enroll.Load(folder)
	if err != nil || loaded.Device() != identity.Device() || loaded.Collector() != identity.Collector() {
		t.Fatalf("loaded %v", err)
	}
	statement := token.SignInStatement("c", []byte("n"), loaded.Device())
	if !statement.Verify(loaded.Credential().PublicKey, loaded.Sign(statement)) {
		t.Error("the key is not the credential's")
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		raw, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), uplinktest.Secret) {
			t.Errorf("%s keeps the secret", entry.Name())
		}
	}
	if _, err := enrolment(folder, c.Token(), silent).Run(t.Context()); !errors.Is(err, enroll.ErrEnrolled) {
		t.Errorf("enrolled again: %v", err)
	}
	if err := loaded.Reseal(); err != nil {
		t.Fatal(err)
	}
	if resealed, err := enroll.Load(folder); err != nil || !statement.Verify(loaded.Credential().PublicKey, resealed.Sign(statement)) {
		t.Errorf("sealed anew, the key is another: %v", err)
	}
	if err := enroll.Forget(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := enroll.Load(folder); !errors.Is(err, enroll.ErrNotEnrolled) {
		t.Errorf("after forgetting: %v", err)
	}
}

// An enrolment cut off after the collector's yes is repeated with the same key, and so gives the same device.
func TestARepeatUsesTheSameKey(t *testing.T) {
	c, folder := uplinktest.Start(t), t.TempDir()
	c.EnrollErr = uplinktest.Refusal("expired", "secret", "expired")
	if _, err := enrolment(folder, c.Token(), silent).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Fatalf("an expired string: %v", err)
	}
	pending, err := os.ReadFile(filepath.Join(folder, "enrolling.json"))
	if err != nil {
		t.Fatal(err)
	}
	c.EnrollErr = nil
	if _, err := enrolment(folder, c.Token(), silent).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	identity, err := os.ReadFile(filepath.Join(folder, "identity.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(string(pending), `"sealed_key":`)
	if !strings.Contains(string(identity), strings.TrimSuffix(key, "}")) {
		t.Error("another key was made")
	}
	if _, err := os.Stat(filepath.Join(folder, "enrolling.json")); err == nil {
		t.Error("the pending key is still there")
	}
}

func TestAMissingNetworkIsWaitedFor(t *testing.T) {
	c := uplinktest.Start(t)
	c.Stop()
	ctx, giveUp := context.WithCancel(t.Context())
	said := ""
	_, err := enrolment(t.TempDir(), c.Token(), func(why string) { said = why; giveUp() }).Run(ctx)
	if err == nil || !strings.Contains(said, "does not answer") || !strings.Contains(said, "trying again") {
		t.Errorf("said %q, ended with %v", said, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	identity, err := enrolment(t.TempDir(), c.Token(), func(string) {
		c.Listen(c.Authority.Leaf(t, "127.0.0.1", time.Now(), time.Now().Add(time.Hour)))
	}).Run(ctx)
	if err != nil || identity.Device() == "" {
		t.Errorf("once the network is there: %v", err)
	}
}

func TestAnotherCollectorIsNotEnrolledWith(t *testing.T) {
	c := uplinktest.Start(t)
	foreign := c.Token()
	foreign.Pin[0] ^= 1
	ctx, giveUp := context.WithCancel(t.Context())
	said := ""
	if _, err := enrolment(t.TempDir(), foreign, func(why string) { said = why; giveUp() }).Run(ctx); err == nil || !strings.Contains(said, "certificate") {
		t.Errorf("said %q, ended with %v", said, err)
	}
	wrong := c.Token()
	wrong.Secret = strings.Repeat("x", 40)
	if _, err := enrolment(t.TempDir(), wrong, silent).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "does not know") {
		t.Errorf("a wrong secret: %v", err)
	}
}

func TestReadingTheString(t *testing.T) {
	for given, want := range map[string]string{
		"dl1plain\n": "dl1plain\n", "\ufeffdl1notepad\r\n": "dl1notepad\r\n", "\xff\xfed\x00l\x001\x00": "dl1",
	} {
		if got, err := enroll.Read(strings.NewReader(given)); err != nil || got != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	if _, err := enroll.Read(strings.NewReader(" \n")); !errors.Is(err, enroll.ErrNoString) {
		t.Errorf("nothing: %v", err)
	}
}

func TestReadingAPackage(t *testing.T) {
	of := func(secret string) string {
		return token.Token{Addresses: []string{"c.example:8443"}, Trust: token.TrustSystem, Secret: strings.Repeat(secret, 40)}.Encode()
	}
	inside, inName, folder := of("i"), of("n"), t.TempDir()
	room := token.Reservation()
	stamped := append([]byte("the program"), room...)
	copy(stamped[bytes.IndexByte(stamped, 0):], inside)
	for _, test := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"dayline.msi", stamped, inside},
		{"dayline-" + inName + " (1).msi", stamped, inside},
		{"Copy of dayline-" + inName + ".pkg", room, inName},
		{"absent-" + inName + ".pkg", nil, inName},
	} {
		path := filepath.Join(folder, test.name)
		if test.content != nil {
			if err := os.WriteFile(path, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := enroll.ReadPackage(path); err != nil || got != test.want {
			t.Errorf("%.20s: %q, %v", test.name, got, err)
		}
	}
	bare := filepath.Join(folder, "bare.msi")
	if err := os.WriteFile(bare, room, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := enroll.ReadPackage(bare); !errors.Is(err, enroll.ErrNoString) {
		t.Errorf("a package that nobody stamped: %v", err)
	}
	if _, err := enroll.ReadPackage(filepath.Join(folder, "absent.msi")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no package: %v", err)
	}
}
