package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/rig"
)

// Devices of a roll-out begin within ten minutes, and who is turned away comes back after one: here all of it is five times as fast.
const (
	begunWithin = 2 * time.Minute
	backAfter   = 12 * time.Second
)

// measureUpdate has 1,000 devices fetch an update while all of them sync, and weighs what that is on the wire.
func measureUpdate(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	const devices, syncsEach, syncFor = 1000, 3, time.Minute
	f, err := newFleet(ctx, bin, devices)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := f.close(); err == nil {
			err = closed
		}
	}()
	version, err := release.ParseVersion("0.2.0")
	if err != nil {
		return nil, err
	}
	update, err := packUpdate(ctx, f.collector, version)
	if err != nil {
		return nil, err
	}
	senders := make([]*sender, devices)
	if err := each(devices, 64, func(i int) error {
		var err error
		senders[i], err = f.sender(ctx, i, transport(1), 2*syncsEach, 30)
		return err
	}); err != nil {
		return nil, err
	}
	alone, err := syncEvenly(ctx, senders, 0, syncsEach, syncFor)
	if err != nil {
		return nil, err
	}
	pid := f.collector.Process().PID()
	used, held := cpu(pid), memory(pid)
	r := &rollOut{address: "https://" + f.collector.Listen + release.Path + version.String() + "/" + update.Name, size: update.Size}
	from := time.Now()
	fetched := make(chan error, 1)
	go func() {
		fetched <- each(devices, devices, func(i int) error {
			time.Sleep(time.Until(from.Add(time.Duration(i) * begunWithin / devices)))
			return r.fetch(ctx, senders[i].token)
		})
	}()
	beside, err := syncEvenly(ctx, senders, syncsEach, syncsEach, syncFor)
	busy := cpu(pid) - used
	if err == nil {
		err = <-fetched
	}
	if err != nil {
		return nil, err
	}
	took := r.took(from)
	return []figure{
		{"1,000 devices fetch an update", "served", fmt.Sprintf("%.0f s", took.Seconds()),
			fmt.Sprintf("begun within 2 min; %.1f MB each, %.0f MB/s to readers on the same cores; %d times one was asked to come back; collector %.0f %% of one core while they sync, %d MB more memory at its peak",
				float64(update.Size)/1e6, float64(devices*update.Size)/1e6/took.Seconds(), r.turned.Load(), 100*busy.Seconds()/syncFor.Seconds(), (peakMemory(pid)-held)>>20)},
		{"syncs beside it", "unharmed", percentiles(beside), fmt.Sprintf("%d syncs of 30 episodes in %s, all stored; without it %s", len(beside), syncFor, percentiles(alone))},
		{"update on the wire", "≤ 1.2 × the program, compressed", fmt.Sprintf("%.3f ×", float64(r.wire.Load())/float64(devices)/float64(update.Size)),
			"both directions, TLS with its handshake, of which each device makes one"},
	}, nil
}

// packUpdate puts the agent on the shelf as an update.
func packUpdate(ctx context.Context, collector *rig.Collector, version release.Version) (release.Package, error) {
	program, err := product.Link(ctx, release.Linux, release.AMD64, version, time.Unix(0, 0), product.Believed{})
	if err != nil {
		return release.Package{}, err
	}
	whole, err := product.Compress(program)
	if err != nil {
		return release.Package{}, err
	}
	_, err = collector.Release(ctx, version, rig.Packed{OS: release.Linux, Arch: release.AMD64, Kind: release.Zst, Content: whole})
	return release.Describe(version, release.Linux, release.AMD64, release.Zst, int64(len(whole)), [32]byte{}), err
}

// syncEvenly has each sender send calls of its own, from one on, spread over a time, and gives how long each took, in order.
func syncEvenly(ctx context.Context, senders []*sender, first, calls int, over time.Duration) (took []time.Duration, err error) {
	var mu sync.Mutex
	from, gap := time.Now(), over/time.Duration(calls)
	err = each(len(senders), len(senders), func(i int) error {
		for n := range calls {
			due := from.Add(time.Duration(n)*gap + time.Duration(i)*gap/time.Duration(len(senders)))
			select {
			case <-time.After(time.Until(due)):
			case <-ctx.Done():
				return ctx.Err()
			}
			sent := time.Now()
			if err := senders[i].send(ctx, first+n); err != nil {
				return err
			}
			mu.Lock()
			took = append(took, time.Since(sent))
			mu.Unlock()
		}
		return nil
	})
	slices.Sort(took)
	return took, err
}

func percentiles(took []time.Duration) string {
	return fmt.Sprintf("p50 %s, p99 %s, worst %s", took[len(took)/2].Round(100*time.Microsecond), took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}

// rollOut is what many devices fetch.
type rollOut struct {
	address string
	size    int64
	// wire counts bytes of connections in both directions, turned the refusals, last when one ended last (Unix nanoseconds).
	wire, turned, last atomic.Int64
}

func (r *rollOut) took(from time.Time) time.Duration { return time.Unix(0, r.last.Load()).Sub(from) }

// fetch gets the file, when there is a place.
func (r *rollOut) fetch(ctx context.Context, token string) error {
	through := transport(1)
	through.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &weighed{conn, &r.wire}, err
	}
	defer through.CloseIdleConnections()
	client := &http.Client{Transport: through, Timeout: 5 * time.Minute}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.address, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		switch {
		case err != nil:
			return err
		case answer.StatusCode == http.StatusServiceUnavailable:
			r.turned.Add(1)
			time.Sleep(backAfter)
		case answer.StatusCode != http.StatusOK || n != r.size:
			return fmt.Errorf("update: %s, %d bytes", answer.Status, n)
		default:
			r.last.Store(time.Now().UnixNano())
			return nil
		}
	}
}

// weighed counts what goes over a connection.
type weighed struct {
	net.Conn
	bytes *atomic.Int64
}

// Read of net.Conn.
func (w *weighed) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.bytes.Add(int64(n))
	return n, err
}

// Write of net.Conn.
func (w *weighed) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	w.bytes.Add(int64(n))
	return n, err
}
