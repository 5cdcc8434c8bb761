package api

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
)

// oldestProtocol is the oldest an agent may speak; 18 months of agents are served.
const oldestProtocol = 1

// Flags a device may carry from here.
const (
	// flagReplaces: another device with the same hardware was there when this one enrolled.
	flagReplaces = "replaces?"
	// flagCloned: it came with the key of another device.
	flagCloned = "cloned"
)

func checkProtocol(protocol int32) error {
	switch {
	case protocol == 0:
		return collector.Refuse(collector.BadRequest, "protocol", "it is missing")
	case protocol < oldestProtocol:
		return collector.Refuse(collector.TooOld, "protocol", "this agent speaks %d; the collector needs %d or newer: update the agent",
			protocol, oldestProtocol)
	case protocol > buildinfo.Protocol:
		return collector.Refuse(collector.BadRequest, "protocol", "this agent speaks %d; the collector speaks up to %d: update the collector",
			protocol, buildinfo.Protocol)
	}
	return nil
}

// Challenge gives a nonce.
func (a *Agents) Challenge(ctx context.Context, req *connect.Request[agentv1.ChallengeRequest]) (*connect.Response[agentv1.ChallengeResponse], error) {
	if err := checkProtocol(req.Msg.Protocol); err != nil {
		return nil, err
	}
	return connect.NewResponse(&agentv1.ChallengeResponse{
		Nonce: a.proofs.nonce(), Collector: a.name, CollectorTimeMs: a.now().UnixMilli(),
	}), nil
}

// Enroll makes a device of whoever holds a link's secret and proves its key. The same key coming again (its answer was
// lost) keeps its id and counts once.
func (a *Agents) Enroll(ctx context.Context, req *connect.Request[agentv1.EnrollRequest]) (*connect.Response[agentv1.EnrollResponse], error) {
	m := req.Msg
	if err := a.checkEnroll(ctx, m); err != nil {
		return nil, err
	}
	// A caller who hangs up now must not leave a device behind that the audit log does not know.
	ctx = context.WithoutCancel(ctx)
	if known := a.devices.findKey(m.PublicKey); known != nil {
		return a.enrolled(known)
	}
	if err := a.proofs.spend(m.Nonce); err != nil {
		return nil, err
	}
	if replaced, err := a.registry.KeyReplaced(ctx, m.PublicKey); err != nil {
		return nil, err
	} else if replaced {
		return nil, collector.Refuse(collector.Conflict, "public_key", "this key was replaced; make a new one")
	}
	device := newDevice(m.PublicKey, m.Facts, a.now())
	if a.devices.sameHardware(device.Hardware) {
		device.Flags = []string{flagReplaces}
	}
	err := a.registry.Enroll(ctx, token.SecretHash(m.Secret), device, a.now())
	if collector.CodeOf(err) == collector.Conflict {
		// The same call a moment ago.
		known, err := a.registry.DeviceByKey(ctx, m.PublicKey)
		if err != nil {
			return nil, err
		}
		one, err := a.devices.refresh(ctx, known.ID)
		if err != nil {
			return nil, err
		}
		return a.enrolled(one)
	}
	if err != nil {
		return nil, err
	}
	one, err := a.devices.refresh(ctx, device.ID)
	if err != nil {
		return nil, err
	}
	device = one.snapshot()
	if err := a.audit(ctx, device.ID, "device.enroll", map[string]any{
		"name": device.Name, "os": device.OS, "link": device.LinkID, "flags": device.Flags,
	}); err != nil {
		return nil, err
	}
	return a.enrolled(one)
}

func (a *Agents) checkEnroll(ctx context.Context, m *agentv1.EnrollRequest) error {
	if err := checkProtocol(m.Protocol); err != nil {
		return err
	}
	if err := a.byAddress.admit(callerOf(ctx).address); err != nil {
		return err
	}
	if err := a.disk.Check(); err != nil {
		return err
	}
	if err := checkFacts(m.Facts); err != nil {
		return err
	}
	if err := a.proofs.checkNonce(m.Nonce); err != nil {
		return err
	}
	if !token.EnrollStatement(a.name, m.Nonce, m.Secret).Verify(m.PublicKey, m.Proof) {
		return collector.Refuse(collector.BadRequest, "proof", "it is not a signature by public_key")
	}
	return nil
}

func (a *Agents) enrolled(one *device) (*connect.Response[agentv1.EnrollResponse], error) {
	device := one.snapshot()
	if !device.RevokedAt.IsZero() {
		return nil, errRevoked
	}
	return connect.NewResponse(&agentv1.EnrollResponse{
		Device: device.ID, Credential: a.credential(device), Trust: a.trust.Trust(), CollectorTimeMs: a.now().UnixMilli(),
	}), nil
}

func newDevice(publicKey []byte, facts *agentv1.DeviceFacts, now time.Time) collector.Device {
	device := collector.Device{ID: "d-" + randomHex(8), PublicKey: slices.Clone(publicKey), EnrolledAt: now}
	setFacts(&device, facts)
	return device
}

// maxFactRunes bounds each fact a device tells of itself.
const maxFactRunes = 255

// checkFacts bounds the facts and strips what could act in a terminal or a page.
func checkFacts(facts *agentv1.DeviceFacts) error {
	if facts == nil {
		return collector.Refuse(collector.BadRequest, "facts", "they are missing")
	}
	for field, text := range map[string]*string{
		"name": &facts.Name, "os": &facts.Os, "os_version": &facts.OsVersion, "arch": &facts.Arch,
		"agent_version": &facts.AgentVersion, "hardware": &facts.Hardware, "time_zone": &facts.TimeZone,
	} {
		if len(*text) > maxFactRunes {
			return collector.Refuse(collector.BadRequest, "facts."+field, "it exceeds %d bytes", maxFactRunes)
		}
		*text = stream.Printable(*text)
	}
	if facts.Name == "" {
		return collector.Refuse(collector.BadRequest, "facts.name", "it is missing")
	}
	return nil
}

// credential is the collector's word that the key is the device's.
func (a *Agents) credential(device collector.Device) *agentv1.Credential {
	issued := a.now().UnixMilli()
	return &agentv1.Credential{
		Device: device.ID, PublicKey: device.PublicKey, IssuedMs: issued,
		Signature: token.CredentialStatement(device.ID, device.PublicKey, issued).Sign(a.deviceKey),
	}
}

func (a *Agents) checkCredential(c *agentv1.Credential) error {
	own := a.deviceKey.Public().(ed25519.PublicKey)
	if c == nil || !deviceID(c.Device) || !token.CredentialStatement(c.Device, c.PublicKey, c.IssuedMs).Verify(own, c.Signature) {
		return collector.Refuse(collector.UnknownDevice, "credential", "it is not of this collector")
	}
	return nil
}

// SignIn gives a session token for a signed nonce. The holder of a key that was replaced gets one too, good for being
// told to rekey and nothing else.
func (a *Agents) SignIn(ctx context.Context, req *connect.Request[agentv1.SignInRequest]) (*connect.Response[agentv1.SignInResponse], error) {
	m := req.Msg
	if err := checkProtocol(m.Protocol); err != nil {
		return nil, err
	}
	if err := a.proofs.checkNonce(m.Nonce); err != nil {
		return nil, err
	}
	if err := a.checkCredential(m.Credential); err != nil {
		return nil, err
	}
	if !token.SignInStatement(a.name, m.Nonce, m.Credential.Device).Verify(m.Credential.PublicKey, m.Proof) {
		return nil, collector.Refuse(collector.BadRequest, "proof", "it is not a signature by the credential's key")
	}
	if err := a.proofs.spend(m.Nonce); err != nil {
		return nil, err
	}
	if _, err := a.readmit(context.WithoutCancel(ctx), m.Credential); err != nil {
		return nil, err
	}
	session, expiresAt := a.proofs.token(m.Credential.Device, m.Credential.PublicKey)
	return connect.NewResponse(&agentv1.SignInResponse{Token: session, ExpiresMs: expiresAt.UnixMilli()}), nil
}

// readmit finds the device of a credential. A collector restored from a backup may not know it, or know an older key of
// it: then the collector's own signature counts.
func (a *Agents) readmit(ctx context.Context, c *agentv1.Credential) (*device, error) {
	one := a.devices.find(c.Device)
	if one == nil {
		return a.adopt(ctx, collector.Device{ID: c.Device, PublicKey: c.PublicKey, EnrolledAt: time.UnixMilli(c.IssuedMs)}, "device.readmit")
	}
	now := one.snapshot()
	if !now.RevokedAt.IsZero() {
		return nil, errRevoked
	}
	if bytes.Equal(now.PublicKey, c.PublicKey) {
		return one, nil
	}
	replaced, err := a.registry.KeyReplaced(ctx, c.PublicKey)
	if err != nil || replaced {
		return one, err
	}
	if err := a.registry.RekeyDevice(ctx, now.ID, now.PublicKey, c.PublicKey); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, now.ID, "device.rekey", map[string]any{"restored": true}); err != nil {
		return nil, err
	}
	return a.devices.refresh(ctx, now.ID)
}

// adopt adds a device that no link brought.
func (a *Agents) adopt(ctx context.Context, device collector.Device, action string) (*device, error) {
	if err := a.registry.AddDevice(ctx, device); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, device.ID, action, map[string]any{"flags": device.Flags}); err != nil {
		return nil, err
	}
	one, err := a.devices.refresh(ctx, device.ID)
	if err != nil {
		return nil, err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.resync = true
	return one, nil
}

// Rekey replaces a device's key. The first holder of the old key keeps the id; whoever comes with it later is another
// computer with a copied disk and becomes a device of its own.
func (a *Agents) Rekey(ctx context.Context, req *connect.Request[agentv1.RekeyRequest]) (*connect.Response[agentv1.RekeyResponse], error) {
	m := req.Msg
	if err := a.checkRekey(m); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if again := a.devices.findKey(m.NewPublicKey); again != nil {
		// Its answer was lost.
		device := again.snapshot()
		if !device.RevokedAt.IsZero() {
			return nil, errRevoked
		}
		return a.rekeyed(device, device.ID != m.Credential.Device), nil
	}
	if err := a.byDevice.admit(m.Credential.Device); err != nil {
		return nil, err
	}
	if err := a.proofs.spend(m.Nonce); err != nil {
		return nil, err
	}
	one, err := a.readmit(ctx, m.Credential)
	if err != nil {
		return nil, err
	}
	device := one.snapshot()
	if !bytes.Equal(device.PublicKey, m.Credential.PublicKey) {
		return a.rekeyClone(ctx, m)
	}
	switch err := a.registry.RekeyDevice(ctx, device.ID, m.Credential.PublicKey, m.NewPublicKey); {
	case collector.CodeOf(err) == collector.Conflict:
		return a.rekeyClone(ctx, m) // another holder was faster
	case err != nil:
		return nil, err
	}
	if one, err = a.devices.refresh(ctx, device.ID); err != nil {
		return nil, err
	}
	a.devices.learn(one, m.Facts)
	a.contacts.add(collector.Contact{Device: device.ID, At: a.now(), Facts: m.Facts})
	if err := a.audit(ctx, device.ID, "device.rekey", nil); err != nil {
		return nil, err
	}
	return a.rekeyed(one.snapshot(), false), nil
}

func (a *Agents) checkRekey(m *agentv1.RekeyRequest) error {
	if err := checkProtocol(m.Protocol); err != nil {
		return err
	}
	if err := checkFacts(m.Facts); err != nil {
		return err
	}
	if err := a.proofs.checkNonce(m.Nonce); err != nil {
		return err
	}
	if err := a.checkCredential(m.Credential); err != nil {
		return err
	}
	said := token.RekeyStatement(a.name, m.Nonce, m.Credential.Device, m.NewPublicKey)
	if !said.Verify(m.Credential.PublicKey, m.OldProof) {
		return collector.Refuse(collector.BadRequest, "old_proof", "it is not a signature by the credential's key")
	}
	if !said.Verify(m.NewPublicKey, m.NewProof) {
		return collector.Refuse(collector.BadRequest, "new_proof", "it is not a signature by new_public_key")
	}
	if bytes.Equal(m.NewPublicKey, m.Credential.PublicKey) {
		return collector.Refuse(collector.BadRequest, "new_public_key", "it is the old one")
	}
	return nil
}

func (a *Agents) rekeyClone(ctx context.Context, m *agentv1.RekeyRequest) (*connect.Response[agentv1.RekeyResponse], error) {
	device := newDevice(m.NewPublicKey, m.Facts, a.now())
	device.Flags = []string{flagCloned}
	one, err := a.adopt(ctx, device, "device.clone")
	if err != nil {
		return nil, err
	}
	return a.rekeyed(one.snapshot(), true), nil
}

func (a *Agents) rekeyed(device collector.Device, cloned bool) *connect.Response[agentv1.RekeyResponse] {
	return connect.NewResponse(&agentv1.RekeyResponse{Credential: a.credential(device), Cloned: cloned})
}

// audit writes what a device did. Details hold names of machines, never of people.
func (a *Agents) audit(ctx context.Context, device, action string, detail map[string]any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return errors.Join(collector.Refuse(collector.Internal, "", "audit detail"), err)
	}
	defer a.heads.forget()
	return a.registry.Audit(ctx, collector.AuditEntry{
		At: a.now(), Actor: "device " + device, Action: action, Subject: device, Detail: string(text),
	})
}
