package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dayline-project/dayline/test/rig"
)

// measureDevices has 10,000 devices, each on a connection of its own, sync once a minute for two minutes.
func measureDevices(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	const devices, minutes, episodes = 10_000, 2, 5
	f, err := newFleet(ctx, bin, devices)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := f.close(); err == nil {
			err = closed
		}
	}()
	pid := f.collector.Process().PID()
	empty := memory(pid)
	senders := make([]*sender, devices)
	if err := each(devices, 64, func(i int) error {
		senders[i], err = f.sender(ctx, i, transport(1), minutes, episodes)
		return err
	}); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var took []time.Duration
	before, from := cpu(pid), time.Now()
	err = each(devices, devices, func(i int) error {
		for n := range minutes {
			due := from.Add(time.Duration(n)*time.Minute + time.Duration(i)*time.Minute/devices)
			select {
			case <-time.After(time.Until(due)):
			case <-ctx.Done():
				return ctx.Err()
			}
			sent := time.Now()
			if err := senders[i].send(ctx, n); err != nil {
				return err
			}
			mu.Lock()
			took = append(took, time.Since(sent))
			mu.Unlock()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	length := time.Since(from)
	slices.Sort(took)
	return []figure{
		{"T7 10,000 devices, a sync a minute each", "all stored", fmt.Sprintf("%d of %d, p50 %s, p99 %s", len(took), devices*minutes,
			took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond)),
			fmt.Sprintf("collector %.0f %% of one core", 100*(cpu(pid)-before).Seconds()/length.Seconds())},
		{"T10 memory with 10,000 connected", "≤ 512 MB + 50 KB a device", fmt.Sprintf("%d MB, peak %d MB", memory(pid)>>20, peakMemory(pid)>>20),
			fmt.Sprintf("%d MB before they came: %d KB a device", empty>>20, (memory(pid)-empty)>>10/devices)},
	}, nil
}

// each calls do for 0…n-1, so many at once, and gives the first error.
func each(n, atOnce int, do func(int) error) error {
	var wait sync.WaitGroup
	var once sync.Once
	var failed error
	next := make(chan int)
	done := make(chan struct{})
	for range atOnce {
		wait.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					once.Do(func() { failed = err; close(done) })
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
		case <-done:
		}
	}
	close(next)
	wait.Wait()
	return failed
}
