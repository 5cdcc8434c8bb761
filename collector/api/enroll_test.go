package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/api/apitest"
	"github.com/dayline-project/dayline/collector/link"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/token"
)

func hashOf(secret string) [32]byte { return token.SecretHash(secret) }

// refusal gives the Problem of an answer.
func refusal(t *testing.T, err error) *agentv1.Problem {
	t.Helper()
	var answer *connect.Error
	if !errors.As(err, &answer) {
		t.Fatalf("no refusal: %v", err)
	}
	for _, detail := range answer.Details() {
		if value, err := detail.Value(); err == nil {
			if p, ok := value.(*agentv1.Problem); ok {
				return p
			}
		}
	}
	t.Fatalf("a refusal without a Problem: %v", err)
	return nil
}

func wantCode(t *testing.T, err error, want collector.Code) *agentv1.Problem {
	t.Helper()
	p := refusal(t, err)
	if p.Code != string(want) {
		t.Errorf("refused with %q (%s: %s), want %q", p.Code, p.Field, p.Reason, want)
	}
	return p
}

func TestEnrolSignInSync(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	if got := h.keeper.Trust(); len(a.Trust.Pins) != 1 || !bytes.Equal(a.Trust.Pins[0], got.Pins[0]) {
		t.Errorf("trust %v", a.Trust)
	}
	answer, err := a.Sync(t.Context(), a.Record(5*time.Minute, "one"), a.Record(4*time.Minute, "two"))
	if err != nil {
		t.Fatal(err)
	}
	if answer.LastSequence != 2 || answer.Settings != nil || answer.AuditHead.GetSequence() == 0 || len(answer.Trust.Pins) != 1 {
		t.Errorf("answer %v", answer)
	}
	stats, err := h.store.Stats(t.Context())
	if err != nil || stats.Episodes != 2 {
		t.Errorf("%d episodes stored, %v", stats.Episodes, err)
	}
}

func TestSecretsThatDoNotEnrol(t *testing.T) {
	h := open(t, t.TempDir())
	ctx := t.Context()
	enroll := func(secret string) error { return apitest.NewAgent(t, h.url(), h.client()).Enroll(ctx, secret) }
	unknown := wantCode(t, enroll(token.NewSecret()), collector.BadSecret)
	if other := wantCode(t, enroll("nonsense"), collector.BadSecret); other.Reason != unknown.Reason {
		t.Errorf("a malformed secret is told from an unknown one: %q, %q", unknown.Reason, other.Reason)
	}
	wantCode(t, enroll(""), collector.BadSecret)

	once := h.secret(link.Request{MaxDevices: 1})
	if err := enroll(once); err != nil {
		t.Fatal(err)
	}
	wantCode(t, enroll(once), collector.UsedUp)

	revoked := h.secret(link.Request{})
	links, err := h.registry.Links(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if err := h.registry.RevokeLink(ctx, l.ID, h.now()); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, enroll(revoked), collector.Revoked)

	expired := h.secret(link.Request{Expiry: time.Hour})
	h.later(61 * time.Minute)
	wantCode(t, enroll(expired), collector.Expired)
	if n := h.agents.devices.count(); n != 1 {
		t.Errorf("%d devices", n)
	}
}

func TestGuessingSecretsIsThrottled(t *testing.T) {
	h := open(t, t.TempDir())
	a := apitest.NewAgent(t, h.url(), h.client())
	for range enrollsPerAddress {
		wantCode(t, a.Enroll(t.Context(), token.NewSecret()), collector.BadSecret)
	}
	err := a.Enroll(t.Context(), token.NewSecret())
	wantCode(t, err, collector.TooMany)
	var answer *connect.Error
	if errors.As(err, &answer); answer.Meta().Get("Retry-After") == "" || answer.Code() != connect.CodeResourceExhausted {
		t.Errorf("code %v, Retry-After %q", answer.Code(), answer.Meta().Get("Retry-After"))
	}
	h.later(time.Minute)
	wantCode(t, a.Enroll(t.Context(), token.NewSecret()), collector.BadSecret)
}

func TestALostAnswerCostsNoSecondDevice(t *testing.T) {
	h := open(t, t.TempDir())
	secret := h.secret(link.Request{MaxDevices: 1})
	a := apitest.NewAgent(t, h.url(), h.client())
	if err := a.Enroll(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	first := a.Credential.Device
	if err := a.Enroll(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if a.Credential.Device != first {
		t.Error("the same key became another device")
	}
}

func TestEqualHardwareIsMarkedAndNothingMore(t *testing.T) {
	h := open(t, t.TempDir())
	var ids []string
	for range 2 {
		a := apitest.NewAgent(t, h.url(), h.client())
		a.Facts.Hardware = "same"
		if err := a.Enroll(t.Context(), h.secret(link.Request{})); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, a.Credential.Device)
	}
	for i, want := range []int{0, 1} {
		d, err := h.registry.Device(t.Context(), ids[i])
		if err != nil || len(d.Flags) != want {
			t.Errorf("device %d has flags %v, %v", i, d.Flags, err)
		}
	}
	if ids[0] == ids[1] {
		t.Error("hardware alone was an identity")
	}
}

// forge makes calls of sign-in that should not do.
func TestForgedSignIns(t *testing.T) {
	h := open(t, t.TempDir())
	ctx := t.Context()
	a, other := h.enrolled(), h.enrolled()
	var first *agentv1.SignInRequest
	sign := func(change func(m *agentv1.SignInRequest, collector string)) error {
		nonce, name, err := a.Challenge(ctx)
		if err != nil {
			t.Fatal(err)
		}
		m := &agentv1.SignInRequest{Protocol: 1, Credential: a.Credential, Nonce: nonce,
			Proof: token.SignInStatement(name, nonce, a.Credential.Device).Sign(a.Key)}
		change(m, name)
		if first == nil {
			first = m
		}
		_, err = a.Client.SignIn(ctx, connect.NewRequest(m))
		return err
	}
	if err := sign(func(*agentv1.SignInRequest, string) {}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		want   collector.Code
		change func(m *agentv1.SignInRequest, collector string)
	}{
		"another's credential": {collector.BadRequest, func(m *agentv1.SignInRequest, _ string) { m.Credential = other.Credential }},
		"another's id": {collector.UnknownDevice, func(m *agentv1.SignInRequest, name string) {
			m.Credential = &agentv1.Credential{Device: other.Credential.Device, PublicKey: a.Credential.PublicKey,
				IssuedMs: a.Credential.IssuedMs, Signature: a.Credential.Signature}
			m.Proof = token.SignInStatement(name, m.Nonce, other.Credential.Device).Sign(a.Key)
		}},
		"no credential": {collector.UnknownDevice, func(m *agentv1.SignInRequest, _ string) { m.Credential = nil }},
		"no nonce":      {collector.SignedOut, func(m *agentv1.SignInRequest, _ string) { m.Nonce = nil }},
		"own nonce":     {collector.SignedOut, func(m *agentv1.SignInRequest, _ string) { m.Nonce = make([]byte, nonceBytes) }},
		"another collector": {collector.BadRequest, func(m *agentv1.SignInRequest, _ string) {
			m.Proof = token.SignInStatement("c-x", m.Nonce, a.Credential.Device).Sign(a.Key)
		}},
		"the same once more": {collector.SignedOut, func(m *agentv1.SignInRequest, _ string) { m.Nonce, m.Proof = first.Nonce, first.Proof }},
		"old nonce":          {collector.SignedOut, func(*agentv1.SignInRequest, string) { h.later(2 * time.Minute) }},
		"no protocol":        {collector.BadRequest, func(m *agentv1.SignInRequest, _ string) { m.Protocol = 0 }},
		"protocol too old":   {collector.TooOld, func(m *agentv1.SignInRequest, _ string) { m.Protocol = -1 }},
		"protocol too new":   {collector.BadRequest, func(m *agentv1.SignInRequest, _ string) { m.Protocol = 99 }},
		"short public key": {collector.UnknownDevice, func(m *agentv1.SignInRequest, _ string) {
			m.Credential = &agentv1.Credential{Device: a.Credential.Device, PublicKey: []byte{1}}
		}},
		"signature too long": {collector.BadRequest, func(m *agentv1.SignInRequest, _ string) { m.Proof = append(m.Proof, 0) }},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, sign(c.change), c.want) })
	}
}

func TestSessionsEnd(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	h.later(sessionFor + time.Second)
	_, err := a.Sync(t.Context())
	wantCode(t, err, collector.SignedOut)
	for _, token := range []string{"", "x", a.Token[:len(a.Token)-2] + "AA"} {
		a.Token = token
		_, err := a.Sync(t.Context())
		wantCode(t, err, collector.SignedOut)
	}
}

func TestRevokedDevicesAreRefused(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	if _, err := h.admin.RevokeDevice(t.Context(), deviceRequest(a)); err != nil {
		t.Fatal(err)
	}
	_, err := a.Sync(t.Context(), a.Record(time.Minute, "late"))
	wantCode(t, err, collector.Revoked)
	wantCode(t, a.SignIn(t.Context()), collector.Revoked)
	wantCode(t, a.Enroll(t.Context(), h.secret(link.Request{})), collector.Revoked)
	_, err = a.Rekey(t.Context())
	wantCode(t, err, collector.Revoked)
}

// What a sync says of its device must not undo what an administrator did while it was under way.
func TestARevocationDuringASyncHolds(t *testing.T) {
	during := &meanwhile{do: func(string) {}}
	h := open(t, t.TempDir(), func(_ *house, o *Options, _ *serverBounds) { during.Admission, o.Admission = o.Admission, during })
	a := h.enrolled()
	during.do = func(string) {
		if _, err := h.admin.RevokeDevice(context.WithoutCancel(t.Context()), deviceRequest(a)); err != nil {
			t.Error(err)
		}
	}
	m := a.Request()
	m.Facts = a.Facts
	m.Facts.Name = "renamed"
	if _, err := a.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	_, err := a.Sync(t.Context())
	wantCode(t, err, collector.Revoked)
}

func TestNamesThatNoDeviceHasAreForgotten(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	for i := range 5 {
		m := a.Request()
		m.Facts = a.Facts
		m.Facts.Name = fmt.Sprint("name ", i)
		if _, err := a.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if names := h.agents.devices.names; len(names) != 1 || names["name 4"] != 1 {
		t.Errorf("names %v", names)
	}
}

func TestTheFirstToRekeyKeepsTheID(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	// A copied disk: the same key, another computer.
	clone := apitest.NewAgent(t, h.url(), h.client())
	clone.Key, clone.Credential, clone.Token = a.Key, a.Credential, a.Token
	id := a.Credential.Device
	if cloned, err := a.Rekey(t.Context()); err != nil || cloned || a.Credential.Device != id {
		t.Fatalf("cloned %v, id %s, %v", cloned, a.Credential.Device, err)
	}
	// The copy signs in by the old key, and is told to rekey and nothing else.
	if err := clone.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer, err := clone.Send(t.Context(), clone.Request(clone.Record(time.Minute, "foreign")))
	if err != nil || len(answer.Directives) != 1 || !answer.Directives[0].GetRekey() || answer.Settings != nil || answer.LastSequence != 0 {
		t.Fatalf("answer %v, %v", answer, err)
	}
	if cloned, err := clone.Rekey(t.Context()); err != nil || !cloned || clone.Credential.Device == id {
		t.Fatalf("cloned %v, id %s, %v", cloned, clone.Credential.Device, err)
	}
	d, err := h.registry.Device(t.Context(), clone.Credential.Device)
	if err != nil || len(d.Flags) != 1 || d.Flags[0] != flagCloned {
		t.Errorf("flags %v, %v", d.Flags, err)
	}
	for _, agent := range []*apitest.Agent{a, clone} {
		if err := agent.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		agent.Revision = ""
		if _, err := agent.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := agent.Sync(t.Context(), agent.Record(time.Minute, "own")); err != nil {
			t.Error(err)
		}
	}
	if stats, _ := h.store.Stats(t.Context()); stats.Episodes != 2 {
		t.Errorf("%d episodes; the one sent under the replaced key belongs nowhere", stats.Episodes)
	}
}

func TestARepeatedRekeyGivesTheSameAnswer(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	nonce, name, err := a.Challenge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	public, key, _ := ed25519.GenerateKey(nil)
	said := token.RekeyStatement(name, nonce, a.Credential.Device, public)
	m := &agentv1.RekeyRequest{Protocol: 1, Credential: a.Credential, Nonce: nonce, NewPublicKey: public,
		OldProof: said.Sign(a.Key), NewProof: said.Sign(key), Facts: a.Facts}
	for range 2 {
		answer, err := a.Client.Rekey(t.Context(), connect.NewRequest(m))
		if err != nil || answer.Msg.Cloned || answer.Msg.Credential.Device != a.Credential.Device {
			t.Fatalf("%v, %v", answer, err)
		}
	}
	m.OldProof = m.NewProof
	_, err = a.Client.Rekey(t.Context(), connect.NewRequest(m))
	wantCode(t, err, collector.BadRequest)
}

func TestChangedHardwareAsksForARekey(t *testing.T) {
	h := open(t, t.TempDir())
	a := apitest.NewAgent(t, h.url(), h.client())
	a.Facts.Hardware = "before"
	if err := errors.Join(a.Enroll(t.Context(), h.secret(link.Request{})), a.SignIn(t.Context())); err != nil {
		t.Fatal(err)
	}
	a.Facts.Hardware = "after"
	asks := func() bool {
		m := a.Request()
		m.Facts = a.Facts
		answer, err := a.Send(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		return len(answer.Directives) == 1 && answer.Directives[0].GetRekey()
	}
	for range 2 {
		if !asks() {
			t.Error("not asked, or only once")
		}
	}
	if _, err := a.Rekey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asks() {
		t.Error("still asked after the rekey")
	}
}

func TestARestoredCollectorReadmitsByCredential(t *testing.T) {
	h := open(t, t.TempDir())
	a := h.enrolled()
	// The registry as it was before the enrolment, with the same keys.
	copied := t.TempDir() + "/registry.db"
	if err := h.registry.BackupTo(context.Background(), copied); err != nil {
		t.Fatal(err)
	}
	late := h.enrolled()
	h.stop()
	restored := open(t, dirOf(copied))
	for _, agent := range []*apitest.Agent{a, late} {
		back := apitest.NewAgent(t, restored.url(), restored.client())
		back.Key, back.Credential = agent.Key, agent.Credential
		if err := back.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
		answer, err := back.Sync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		asked := len(answer.Directives) == 1 && answer.Directives[0].GetResync()
		if asked != (agent == late) {
			t.Errorf("asked for everything anew: %v", asked)
		}
		if _, err := back.Sync(t.Context(), back.Record(time.Minute, "again")); err != nil {
			t.Error(err)
		}
	}
}
