// Package api is the collector on the wire: the Connect handlers for agents and administrators, who may call them, and
// every bound of security.md 3 that holds before a store is touched. Errors become codes in problem.go and nowhere else.
package api

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/ingest"
	"github.com/dayline-project/dayline/collector/link"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/release"
)

// Trust says where the collector is found and how it is recognised from now on.
type Trust interface {
	Trust() *agentv1.Trust
}

// Admission lets the batch, the spans and the open episodes of a sync in, durably.
type Admission interface {
	Admit(ctx context.Context, device string, req *agentv1.SyncRequest, now time.Time) (ingest.Result, error)
}

// Updates say which release a device is to become, by what it said last of its updates; nil: none.
type Updates interface {
	Tell(device *collector.Device, says *agentv1.SelfUpdate) *agentv1.Update
}

// Options are the rooms the handlers connect.
type Options struct {
	Registry  collector.Registry
	Admission Admission
	Rules     Rules
	Trust     Trust
	Updates   Updates
	Disk      *Disk
	Metrics   *Metrics
	// Days let people in through their agents, to the pages at WebURL.
	Days   Days
	WebURL func() string
	// TrustedProxies are addresses and networks whose forwarded headers are believed.
	TrustedProxies []string
	// Now tells the time; nil is time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Agents serves AgentService.
type Agents struct {
	registry  collector.Registry
	admission Admission
	rules     Rules
	trust     Trust
	updates   Updates
	disk      *Disk
	metrics   *Metrics
	days      Days
	webURL    func() string
	now       func() time.Time
	log       *slog.Logger

	name      string
	deviceKey ed25519.PrivateKey
	proofs    *proofs
	devices   *devices
	contacts  *contacts
	heads     *heads
	// tombstones are read again by whoever deletes.
	tombstones *tombstones
	settings   *resolver
	byAddress  *throttle
	byDevice   *throttle
	// openedBy and openedFor count the days that are opened, by device and by login on it.
	openedBy, openedFor *throttle
	limits              *limits
	downloads           *downloads
	proxies             proxies
}

// NewAgents loads the devices and the collector's own keys, making these at the first start.
func NewAgents(ctx context.Context, o Options) (*Agents, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	a := &Agents{
		registry: o.Registry, admission: o.Admission, rules: o.Rules, trust: o.Trust, updates: o.Updates, disk: o.Disk, metrics: o.Metrics,
		days: o.Days, webURL: o.WebURL, now: o.Now, log: o.Log,
		proofs:    newProofs(o.Now),
		contacts:  newContacts(o.Registry, o.Log),
		heads:     &heads{registry: o.Registry, now: o.Now},
		byAddress: newThrottle(enrollsPerAddress, time.Minute, o.Now),
		byDevice:  newThrottle(rekeysPerDevice, time.Hour, o.Now),
		openedBy:  newThrottle(daysPerDevice, time.Minute, o.Now),
		openedFor: newThrottle(daysPerLogin, time.Minute, o.Now),
		limits:    newLimits(o.Metrics),
		downloads: newDownloads(),
	}
	var err error
	if a.proxies, err = parseProxies(o.TrustedProxies); err != nil {
		return nil, err
	}
	name, err := o.Registry.Secret(ctx, "collector-name", func() ([]byte, error) { return []byte("c-" + randomHex(16)), nil })
	if err != nil {
		return nil, fmt.Errorf("api: collector's name: %w", err)
	}
	a.name = string(name)
	seed, err := o.Registry.Secret(ctx, "device-key", func() ([]byte, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key.Seed(), err
	})
	if err != nil {
		return nil, fmt.Errorf("api: device key: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("api: device key: %d bytes where %d belong", len(seed), ed25519.SeedSize)
	}
	a.deviceKey = ed25519.NewKeyFromSeed(seed)
	a.tombstones = &tombstones{registry: o.Registry}
	if err := a.tombstones.load(ctx); err != nil {
		return nil, fmt.Errorf("api: tombstones: %w", err)
	}
	if a.devices, err = loadDevices(ctx, o.Registry); err != nil {
		return nil, err
	}
	if a.settings, err = newResolver(ctx, o.Registry, o.Rules, o.Now); err != nil {
		return nil, err
	}
	return a, nil
}

// Handler serves the agents' listener: the service, installer links, what agents update themselves by (shelf.Releases), and whether the
// collector lives and is ready.
func (a *Agents) Handler(links, updates http.Handler) http.Handler {
	path, service := agentv1connect.NewAgentServiceHandler(a,
		connect.WithCodec(protoCodec{marking: true}),
		connect.WithCodec(jsonCodec{marking: true}),
		connect.WithCompression("zstd", newZstdReader, newZstdWriter),
		connect.WithCompressMinBytes(1<<10),
		connect.WithReadMaxBytes(maxDecodedBytes),
		connect.WithInterceptors(&problemInterceptor{log: a.log, metrics: a.metrics}),
		connect.WithRecover(recovered(a.log)),
	)
	mux := http.NewServeMux()
	mux.Handle(path, a.limits.bound(a.signedIn(service)))
	mux.Handle(link.Path, links)
	mux.Handle(release.Path, a.fetched(updates))
	Probes(mux, a.disk)
	return mux
}

// Run writes contacts until the context ends, then what is left of them.
func (a *Agents) Run(ctx context.Context) error { return a.contacts.Run(ctx) }

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b)
}
