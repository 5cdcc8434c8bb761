package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// devices are all devices in memory, so that a sync asks the registry nothing. Whatever changes a device in the
// registry does so through here or calls refresh.
type devices struct {
	registry collector.Registry
	mu       sync.RWMutex
	byID     map[string]*device
	byKey    map[string]*device
	names    map[string]int
	// refreshing keeps an older reading of the registry from being put over a newer one.
	refreshing sync.Mutex
}

// device is one device and what is going on with it. Its fields are guarded by its own lock.
type device struct {
	mu sync.Mutex
	collector.Device
	key [8]byte
	// calling: its one call in flight.
	calling bool
	// fetching: its one download in flight.
	fetching bool
	// resync: the next answer asks for everything anew.
	resync bool
	// streams it sent from, newest last; rekeyAskedAt is when it was last asked to change its key for going back.
	streams      []stream.ID
	rekeyAskedAt time.Time
	resolved     resolved
	// says is its last word on its updates; nil: none. It is not changed.
	says *agentv1.SelfUpdate
	// renewals of its settings for other logins, in the hour from renewedSince.
	renewals     int
	renewedSince time.Time
}

const maxStreamsKept = 16

func loadDevices(ctx context.Context, registry collector.Registry) (*devices, error) {
	all, err := registry.Devices(ctx)
	if err != nil {
		return nil, fmt.Errorf("api: load devices: %w", err)
	}
	healths, err := registry.Healths(ctx)
	if err != nil {
		return nil, fmt.Errorf("api: load devices: %w", err)
	}
	d := &devices{registry: registry, byID: map[string]*device{}, byKey: map[string]*device{}, names: map[string]int{}}
	for _, one := range all {
		d.put(one).says = healths[one.ID].GetUpdate()
	}
	return d, nil
}

// put adds a device or takes over what the registry says of it, save its facts: memory has the newer ones.
func (d *devices) put(now collector.Device) *device {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.byID[now.ID]
	if one == nil {
		one = &device{}
		d.byID[now.ID] = one
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.ID != "" {
		delete(d.byKey, string(one.PublicKey))
		d.unname(one.Name)
		setFacts(&now, factsOf(one.Device))
	}
	one.Device, one.key = now, keyMark(now.PublicKey)
	d.byKey[string(now.PublicKey)] = one
	d.names[now.Name]++
	return one
}

// learn takes over what a device says of itself, and nothing else: it may have been revoked meanwhile.
func (d *devices) learn(one *device, facts *agentv1.DeviceFacts, flags ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	d.unname(one.Name)
	setFacts(&one.Device, facts)
	one.Flags = slices.Compact(slices.Sorted(slices.Values(slices.Concat(one.Flags, flags))))
	d.names[one.Name]++
}

func (d *devices) unname(name string) {
	if d.names[name]--; d.names[name] == 0 {
		delete(d.names, name)
	}
}

// find gives the device, nil if there is none.
func (d *devices) find(id string) *device {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.byID[id]
}

func (d *devices) findKey(publicKey []byte) *device {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.byKey[string(publicKey)]
}

// refresh reads a device again after the registry changed it.
func (d *devices) refresh(ctx context.Context, id string) (*device, error) {
	d.refreshing.Lock()
	defer d.refreshing.Unlock()
	now, err := d.registry.Device(ctx, id)
	if err != nil {
		return nil, err
	}
	return d.put(now), nil
}

// sameHardware tells whether another device that was not revoked says the same of its hardware.
func (d *devices) sameHardware(hardware string) bool {
	if hardware == "" {
		return false
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, one := range d.byID {
		if other := one.snapshot(); other.Hardware == hardware && other.RevokedAt.IsZero() {
			return true
		}
	}
	return false
}

// uniqueName tells whether no other device has this device's name.
func (d *devices) uniqueName(name string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.names[name] == 1
}

// Devices is how many devices there are.
func (a *Agents) Devices() int { return a.devices.count() }

func (d *devices) count() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.byID)
}

// snapshot is the device as it is now.
func (d *device) snapshot() collector.Device {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Device
}

// begin claims the device's one call; end gives it back.
func (d *device) begin() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calling {
		return collector.Refuse(collector.TooMany, "", "another call of this device is under way")
	}
	d.calling = true
	return nil
}

func (d *device) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calling = false
}

// say takes over the device's word on its updates; said gives the last one.
func (d *device) say(says *agentv1.SelfUpdate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.says = says
}

func (d *device) said() *agentv1.SelfUpdate {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.says
}

// beginFetch claims the device's one download, if it is free; endFetch gives it back.
func (d *device) beginFetch() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	isFree := !d.fetching
	d.fetching = true
	return isFree
}

func (d *device) endFetch() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fetching = false
}

// mayRenew counts that the device asks for other logins; over renewalsPerHour it is refused.
func (d *device) mayRenew(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.renewedSince).Abs() >= time.Hour {
		d.renewals, d.renewedSince = 0, now
	}
	d.renewals++
	return d.renewals <= renewalsPerHour
}

// wentBack notes the stream a batch came on and tells whether an earlier stream follows a later one. One agent never
// does that, since each run of its service opens a stream and drains older ones first: two computers hold the key.
func (d *device) wentBack(id stream.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := len(d.streams); n > 0 && d.streams[n-1] == id {
		return false
	}
	if slices.Contains(d.streams, id) {
		return true
	}
	if len(d.streams) >= maxStreamsKept {
		d.streams = slices.Delete(d.streams, 0, 1)
	}
	d.streams = append(d.streams, id)
	return false
}
