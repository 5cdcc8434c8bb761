package api

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	// rekeyEvery is how often a device that went back to an earlier stream is asked for a new key.
	rekeyEvery = time.Hour
	// tombstoneFor is how long a deletion is told to agents; none buffers longer.
	tombstoneFor = 400 * 24 * time.Hour
)

// Sync takes a device's news and answers with all it should know. What it answers as stored is durable.
func (a *Agents) Sync(ctx context.Context, req *connect.Request[agentv1.SyncRequest]) (*connect.Response[agentv1.SyncResponse], error) {
	m := req.Msg
	if err := checkProtocol(m.Protocol); err != nil {
		return nil, err
	}
	caller := callerOf(ctx)
	if caller.device == nil {
		return nil, collector.Refuse(collector.SignedOut, "authorization", "sign in first")
	}
	now := a.now()
	answer := &agentv1.SyncResponse{CollectorTimeMs: now.UnixMilli(), Trust: a.trust.Trust()}
	if caller.replaced {
		answer.Directives = []*agentv1.Directive{{Act: &agentv1.Directive_Rekey{Rekey: true}}}
		return connect.NewResponse(answer), nil
	}
	if m.Facts != nil {
		if err := checkFacts(m.Facts); err != nil {
			return nil, err
		}
	}
	if err := checkLogins(m.Logins); err != nil {
		return nil, err
	}
	if err := checkHealth(m.Health); err != nil {
		return nil, err
	}
	if err := a.disk.Check(); err != nil {
		return nil, err
	}
	device := caller.device.snapshot()
	result, err := a.admission.Admit(ctx, device.ID, m, now)
	if err != nil {
		return nil, err
	}
	answer.Stream, answer.LastSequence = m.GetBatch().GetStream(), result.LastSequence
	answer.Refusals, answer.Fork = result.Refusals, result.Fork
	if answer.AuditHead, err = a.heads.get(ctx); err != nil {
		return nil, err
	}
	answer.Tombstones = a.tombstones.of(device.ID, now)
	if answer.Settings, err = a.settings.settingsFor(ctx, caller.device, a.devices, m); err != nil {
		return nil, err
	}
	news := collector.Contact{Device: device.ID, At: now, Health: keptHealth(m.Health), LastEpisodeAt: result.LastEpisodeAt}
	answer.Directives = a.directives(caller.device, device, m)
	if update := a.update(caller.device, device, m.Facts, news.Health); update != nil {
		answer.Directives = append(answer.Directives, &agentv1.Directive{Act: &agentv1.Directive_Update{Update: update}})
	}
	if news.Facts, err = a.newFacts(ctx, caller.device, m.Facts); err != nil {
		return nil, err
	}
	a.contacts.add(news)
	return connect.NewResponse(answer), nil
}

// directives are what the device is asked to do.
func (a *Agents) directives(one *device, device collector.Device, m *agentv1.SyncRequest) []*agentv1.Directive {
	var list []*agentv1.Directive
	if !device.UninstallAt.IsZero() {
		list = append(list, &agentv1.Directive{Act: &agentv1.Directive_Uninstall{Uninstall: true}})
	}
	moved := m.Facts != nil && device.Hardware != "" && m.Facts.Hardware != device.Hardware
	if a.suspicious(one, m) || moved {
		list = append(list, &agentv1.Directive{Act: &agentv1.Directive_Rekey{Rekey: true}})
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.resync && m.Facts == nil {
		list = append(list, &agentv1.Directive{Act: &agentv1.Directive_Resync{Resync: true}})
	}
	one.resync = one.resync && m.Facts == nil
	return list
}

// update is what the device is told to become, in every answer until it is; by its newest word.
func (a *Agents) update(one *device, device collector.Device, facts *agentv1.DeviceFacts, health *agentv1.Health) *agentv1.Update {
	if facts != nil {
		setFacts(&device, facts)
	}
	if health != nil {
		one.say(health.Update)
	}
	if a.updates == nil || !device.UninstallAt.IsZero() {
		return nil
	}
	return a.updates.Tell(&device, one.said())
}

// suspicious tells whether the batch shows two holders of one key, at most once in rekeyEvery.
func (a *Agents) suspicious(one *device, m *agentv1.SyncRequest) bool {
	if len(m.GetBatch().GetStream()) != len(stream.ID{}) || !one.wentBack(stream.ID(m.Batch.Stream)) {
		return false
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if a.now().Sub(one.rekeyAskedAt) < rekeyEvery {
		return false
	}
	one.rekeyAskedAt = a.now()
	return true
}

// newFacts gives the facts where they are news, and keeps the device in memory as they say; the registry follows with
// the contact. Other hardware is held back until the device has a new key: till then it may be another computer.
func (a *Agents) newFacts(ctx context.Context, one *device, facts *agentv1.DeviceFacts) (*agentv1.DeviceFacts, error) {
	if facts == nil {
		return nil, nil
	}
	device := one.snapshot()
	if device.Hardware != "" {
		facts.Hardware = device.Hardware
	}
	if proto.Equal(facts, factsOf(device)) {
		return nil, nil
	}
	var flags []string
	if device.Name != "" && facts.Name != device.Name && !slices.Contains(device.Flags, collector.FlagRenamed) {
		if err := a.registry.FlagDevice(ctx, device.ID, collector.FlagRenamed); err != nil {
			return nil, err
		}
		flags = []string{collector.FlagRenamed}
	}
	a.devices.learn(one, facts, flags...)
	return facts, nil
}

func factsOf(d collector.Device) *agentv1.DeviceFacts {
	return &agentv1.DeviceFacts{
		Name: d.Name, Os: d.OS, OsVersion: d.OSVersion, Arch: d.Arch, AgentVersion: d.AgentVersion, Hardware: d.Hardware,
		TimeZone: d.TimeZone,
	}
}

func setFacts(d *collector.Device, f *agentv1.DeviceFacts) {
	d.Name, d.OS, d.OSVersion, d.Arch = f.GetName(), f.GetOs(), f.GetOsVersion(), f.GetArch()
	d.AgentVersion, d.Hardware, d.TimeZone = f.GetAgentVersion(), f.GetHardware(), f.GetTimeZone()
}

// heads is the newest audit entry, read once a second at most.
type heads struct {
	registry collector.Registry
	now      func() time.Time
	mu       sync.Mutex
	head     *agentv1.AuditHead
	readAt   time.Time
}

func (h *heads) get(ctx context.Context) (*agentv1.AuditHead, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.now(); h.head == nil || now.Sub(h.readAt).Abs() >= time.Second {
		head, err := h.registry.AuditHead(ctx)
		if err != nil {
			return nil, err
		}
		h.head, h.readAt = &agentv1.AuditHead{Sequence: head.Sequence, Hash: head.Hash}, now
	}
	return h.head, nil
}

func (h *heads) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.head = nil
}

// tombstones are the deletions agents are told of.
type tombstones struct {
	registry collector.Registry
	mu       sync.RWMutex
	byDevice map[string][]collector.Tombstone
}

// load reads them again, after each deletion.
func (t *tombstones) load(ctx context.Context) error {
	all, err := t.registry.Tombstones(ctx)
	if err != nil {
		return err
	}
	byDevice := map[string][]collector.Tombstone{}
	for _, one := range all {
		byDevice[one.Device] = append(byDevice[one.Device], one)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byDevice = byDevice
	return nil
}

// of gives a device's own and those of directory accounts, which may be on any device.
func (t *tombstones) of(device string, now time.Time) []*agentv1.Tombstone {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var told []*agentv1.Tombstone
	for _, list := range [][]collector.Tombstone{t.byDevice[device], t.byDevice[""]} {
		for _, one := range list {
			if now.Sub(one.At) < tombstoneFor {
				told = append(told, &agentv1.Tombstone{Login: loginOf(one.LoginKey, device), BeforeMs: one.Before.UnixMilli()})
			}
		}
	}
	return told
}

// loginOf is the login of a key (collector.LoginKey), nil for none.
func loginOf(key, device string) *agentv1.Login {
	owner, account, ok := strings.Cut(key, `\`)
	if !ok {
		return nil
	}
	if owner == device {
		owner = ""
	}
	return &agentv1.Login{Authority: owner, Account: account}
}
