package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
	"github.com/dayline-project/dayline/shared/token"
	"github.com/dayline-project/dayline/test/device"
	"github.com/dayline-project/dayline/test/rig"
)

// fleet is a collector and many devices enrolled there.
type fleet struct {
	dir       string
	collector *rig.Collector
	keys      []ed25519.PrivateKey
	creds     []*agentv1.Credential
}

// newFleet makes a collector that knows this many devices, and starts it. Enrolling is limited per minute, so they are
// written into the registry, as a restored backup would bring them.
func newFleet(ctx context.Context, bin rig.Binaries, devices int) (*fleet, error) {
	dir, err := os.MkdirTemp("", "dayline-bench-")
	if err != nil {
		return nil, err
	}
	f := &fleet{dir: dir}
	if err := f.start(ctx, bin, devices); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

func (f *fleet) start(ctx context.Context, bin rig.Binaries, devices int) (err error) {
	if f.collector, err = rig.NewCollector(bin, f.dir, rig.Options{}); err != nil {
		return err
	}
	// The first start makes the keys.
	if err := f.collector.Start(ctx); err != nil {
		return err
	}
	if err := f.collector.Stop(); err != nil {
		return err
	}
	if err := f.enroll(ctx, devices); err != nil {
		return err
	}
	return f.collector.Start(ctx)
}

func (f *fleet) close() error {
	var err error
	if f.collector != nil {
		err = f.collector.Stop()
	}
	if removed := os.RemoveAll(f.dir); err == nil {
		err = removed
	}
	return err
}

func (f *fleet) enroll(ctx context.Context, devices int) error {
	registry, err := sqlite.Open(ctx, f.collector.Data)
	if err != nil {
		return err
	}
	defer registry.Close()
	seed, err := registry.Secret(ctx, "device-key", func() ([]byte, error) {
		return nil, fmt.Errorf("the collector made no device key")
	})
	if err != nil {
		return err
	}
	signer := ed25519.NewKeyFromSeed(seed)
	now := time.Now()
	for i := range devices {
		public, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		id := make([]byte, 8)
		rand.Read(id)
		d := collector.Device{ID: "d-" + hex.EncodeToString(id), PublicKey: public, Name: fmt.Sprintf("bench-%d", i), OS: "linux", EnrolledAt: now, TimeZone: "UTC"}
		if err := registry.AddDevice(ctx, d); err != nil {
			return err
		}
		f.keys = append(f.keys, key)
		f.creds = append(f.creds, &agentv1.Credential{Device: d.ID, PublicKey: public, IssuedMs: now.UnixMilli(),
			Signature: token.CredentialStatement(d.ID, public, now.UnixMilli()).Sign(signer)})
	}
	return nil
}

// sender is a device that sends calls encoded beforehand, so that the generator takes little of the cores it shares
// with the collector.
type sender struct {
	url    string
	token  string
	client *http.Client
	bodies [][]byte
	last   []uint64
}

// transport speaks TLS to the collector at hand. The pin is the agent's business and tested there.
func transport(conns int) *http.Transport {
	return &http.Transport{MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns, MaxIdleConns: 0, IdleConnTimeout: 5 * time.Minute,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(conns)}}
}

// sender signs device i in and encodes its calls: so many, of so many episodes each.
func (f *fleet) sender(ctx context.Context, i int, through http.RoundTripper, calls, episodes int) (*sender, error) {
	d := device.Known(f.creds[i], f.keys[i], device.Client(f.collector.Listen, through))
	login := &agentv1.Login{Account: "person", Name: fmt.Sprintf(`BENCH-%d\person`, i)}
	answer, err := d.Sync(ctx, &agentv1.SyncRequest{Logins: []*agentv1.Login{login}, DeviceTimeMs: time.Now().UnixMilli(),
		Facts: &agentv1.DeviceFacts{Name: fmt.Sprintf("bench-%d", i), Os: "linux", Arch: "amd64", AgentVersion: buildinfo.Version, TimeZone: "UTC"}})
	if err != nil {
		return nil, err
	}
	s := &sender{url: "https://" + f.collector.Listen + "/dayline.agent.v1.AgentService/Sync", token: d.Session(),
		client: &http.Client{Transport: through, Timeout: time.Minute}}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	defer encoder.Close()
	revision := answer.GetSettings().GetRevision()
	work := newOffice(uint64(i), stream.Login{Account: login.Account, Name: login.Name}, revision, calls*episodes)
	var id stream.ID
	rand.Read(id[:])
	var digest stream.Digest
	sequence := uint64(1)
	for range calls {
		builder := stream.NewBuilder(id, digest)
		for range episodes {
			if err := builder.Add(sequence, work.next()); err != nil {
				return nil, err
			}
			sequence++
		}
		digest = builder.Digest()
		body, err := proto.Marshal(&agentv1.SyncRequest{Protocol: buildinfo.Protocol, SettingsRevision: revision, Batch: builder.Batch(),
			Logins: []*agentv1.Login{login}, DeviceTimeMs: time.Now().UnixMilli()})
		if err != nil {
			return nil, err
		}
		s.bodies = append(s.bodies, encoder.EncodeAll(body, nil))
		s.last = append(s.last, sequence-1)
	}
	return s, nil
}

// send makes call n and checks that all of it is stored.
func (s *sender) send(ctx context.Context, n int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(s.bodies[n]))
	if err != nil {
		return err
	}
	request.Header = http.Header{"Content-Type": {"application/proto"}, "Content-Encoding": {"zstd"}, "Connect-Protocol-Version": {"1"},
		"Authorization": {"Bearer " + s.token}, "Accept-Encoding": {"identity"}}
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("sync: %s: %s", answer.Status, body)
	}
	var said agentv1.SyncResponse
	if err := proto.Unmarshal(body, &said); err != nil {
		return err
	}
	if said.Fork || len(said.Refusals) > 0 || said.LastSequence != s.last[n] {
		return fmt.Errorf("sync: stored up to %d of %d, fork %t, %d refused %v", said.LastSequence, s.last[n], said.Fork, len(said.Refusals), said.Refusals[:min(1, len(said.Refusals))])
	}
	return nil
}

// volley has all senders send all their calls, each one at a time, and gives the time it took.
func volley(ctx context.Context, senders []*sender) (time.Duration, error) {
	from := time.Now()
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	for _, s := range senders {
		wait.Go(func() {
			for n := range s.bodies {
				if err := s.send(ctx, n); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
				if failed.Load() != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return time.Since(from), nil
}

// measureLoad sends big batches, then small ones, as fast as they are taken (T7), and weighs what was stored (T8).
func measureLoad(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	const bigDevices, smallDevices = 48, 512
	f, err := newFleet(ctx, bin, bigDevices+smallDevices)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := f.close(); err == nil {
			err = closed
		}
	}()
	for _, load := range []struct {
		name, target           string
		from, devices          int
		conns, calls, episodes int
		unit                   string
		per                    func(calls, episodes int) int
	}{
		{"T7 ingest, batches of 5,000", "≥ 100,000 episodes/s", 0, bigDevices, 16, 10, 5000, "episodes/s", func(c, e int) int { return c * e }},
		{"T7 ingest, syncs of 30", "≥ 3,000 syncs/s", bigDevices, smallDevices, smallDevices, 80, 30, "syncs/s", func(c, _ int) int { return c }},
	} {
		through := transport(load.conns)
		var senders []*sender
		for i := range load.devices {
			s, err := f.sender(ctx, load.from+i, through, load.calls, load.episodes)
			if err != nil {
				return figures, err
			}
			senders = append(senders, s)
		}
		before, own := cpu(f.collector.Process().PID()), cpu(os.Getpid())
		took, err := volley(ctx, senders)
		if err != nil {
			return figures, err
		}
		after, ownAfter := cpu(f.collector.Process().PID()), cpu(os.Getpid())
		calls := load.devices * load.calls
		figures = append(figures, figure{load.name, load.target, fmt.Sprintf("%.0f %s", float64(load.per(calls, load.episodes))/took.Seconds(), load.unit),
			fmt.Sprintf("%d syncs in %.1f s over %d connections; collector %.0f %% CPU, generator %.0f %%; peak memory %d MB", calls, took.Seconds(), load.conns,
				100*(after-before).Seconds()/took.Seconds(), 100*(ownAfter-own).Seconds()/took.Seconds(), peakMemory(f.collector.Process().PID())>>20)})
		through.CloseIdleConnections()
	}
	stored := bigDevices*10*5000 + smallDevices*80*30
	if err := f.collector.Stop(); err != nil {
		return figures, err
	}
	info, err := os.Stat(filepath.Join(f.collector.Data, "episodes.duckdb"))
	if err != nil {
		return figures, err
	}
	figures = append(figures, figure{"T8 stored episode, as ingested", "≤ 15 bytes", fmt.Sprintf("%.1f bytes", float64(info.Size())/float64(stored)),
		fmt.Sprintf("%d episodes in %d MB, before any compaction", stored, info.Size()>>20)})
	return figures, f.collector.Start(ctx)
}
