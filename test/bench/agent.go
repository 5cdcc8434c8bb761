package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/wire"
)

// An office day of the targets, and how much faster than life a part of it is played: syncs every second stand for
// one every 48 s, so the focus changes come 48 times as fast too.
const (
	officeDay   = 8 * time.Hour
	changes     = 2500
	accelerated = 48
	// part of the day that is played; the rest is the same again.
	part = 4
	// quiet is how long nothing happens, to learn what that costs.
	quiet = 30 * time.Second
)

// measureAgent plays a quarter of a day on a virtual desktop and a quiet while, and reckons the day from both (T1, T2, T4).
func measureAgent(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	dir, err := os.MkdirTemp("", "dl")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	screen, err := desktop.Start(ctx, filepath.Join(dir, "desk"))
	if err != nil {
		return nil, err
	}
	defer screen.Close()
	cards, err := screen.OpenCards(ctx, "one", "two", "three", "four", "five", "six")
	if err != nil {
		return nil, err
	}
	defer cards.Close()

	// The relay's address has to be in the links, so it comes first.
	target, err := rig.FreeAddress()
	if err != nil {
		return nil, err
	}
	relay, err := wire.NewRelay(target)
	if err != nil {
		return nil, err
	}
	defer relay.Close()
	collector, err := rig.NewCollector(bin, dir, rig.Options{Listen: target, Public: relay.Address(), Account: "settle: 0s\nagents: {sync_every: 1s}\n"})
	if err != nil {
		return nil, err
	}
	if err := collector.Start(ctx); err != nil {
		return nil, err
	}
	defer collector.Stop()
	agent, err := watching(ctx, bin, dir, collector, screen)
	if err != nil {
		return nil, err
	}
	defer agent.Stop()
	if err := process.Wait(ctx, time.Minute, "the agent captures", func() error {
		rows, err := collector.Activity(ctx)
		if err == nil && len(rows) == 0 {
			err = rig.ErrNoRows
		}
		return err
	}); err != nil {
		return nil, err
	}
	return play(ctx, screen, cards, collector, agent, relay)
}

func play(ctx context.Context, screen *desktop.Desktop, cards *desktop.Cards, collector *rig.Collector, agent *rig.Agent, relay *wire.Relay) ([]figure, error) {
	service, session := agent.Service().PID(), agent.Session().PID()
	used := func() time.Duration { return scheduled(service) + scheduled(session) }
	bytes := func() int64 { return relay.Up.Load() + relay.Down.Load() }

	length := officeDay / accelerated / part
	usedBefore, bytesBefore, from := used(), bytes(), time.Now()
	n := changes / part
	for i := range n {
		select {
		case <-time.After(time.Until(from.Add(time.Duration(i) * length / time.Duration(n)))):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if i%3 == 2 {
			if err := cards.Title(i%6, fmt.Sprintf("Document %d", i)); err != nil {
				return nil, err
			}
		}
		if err := cards.Show(ctx, i%6); err != nil {
			return nil, err
		}
		if i%20 == 0 {
			if err := screen.Input("key", "shift"); err != nil {
				return nil, err
			}
		}
	}
	busy, sent := used()-usedBefore, bytes()-bytesBefore
	share, rss := proportional(service)+proportional(session), [2]int64{memory(service), memory(session)}

	// A contact without news, then nothing but the polls: the settings come to say that syncs are rare.
	bytesBefore = bytes()
	if err := wait(ctx, quiet); err != nil {
		return nil, err
	}
	contact := (bytes() - bytesBefore) / int64(quiet.Seconds())
	if err := collector.Account("settle: 0s\nagents: {sync_every: 10m}\n"); err != nil {
		return nil, err
	}
	if err := wait(ctx, 5*time.Second); err != nil {
		return nil, err
	}
	usedBefore = used()
	if err := wait(ctx, quiet); err != nil {
		return nil, err
	}
	polls := used() - usedBefore

	rows, err := collector.Closed(ctx)
	if err != nil {
		return nil, err
	}
	day := part*busy + polls*time.Duration(officeDay/quiet)
	return []figure{
		{"T1 agent CPU over an office day", "≤ 0.05 % of one core", fmt.Sprintf("%.3f %% (%.1f s in 8 h)", 100*day.Seconds()/officeDay.Seconds(), day.Seconds()),
			fmt.Sprintf("%d changes and %d syncs took %s; %s with nothing but polls took %s", n, int(length.Seconds()), busy.Round(time.Millisecond), quiet, polls.Round(time.Millisecond))},
		{"T2 agent memory, service + session", "≤ 25 MB", fmt.Sprintf("%.1f MB", float64(share)/1e6),
			fmt.Sprintf("shared pages counted once; resident: service %.1f, session %.1f", float64(rss[0])/1e6, float64(rss[1])/1e6)},
		{"T4 network a person-day", "≤ 400 KB", fmt.Sprintf("%.0f KB", float64(sent)*part/1000), fmt.Sprintf("%d episodes stored; a contact without news is %d bytes", len(rows), contact)},
	}, nil
}

// wait lets nothing happen for a while.
func wait(ctx context.Context, length time.Duration) error {
	select {
	case <-time.After(length):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// watching is an agent that reports what a screen shows. The caller stops it.
func watching(ctx context.Context, bin rig.Binaries, dir string, collector *rig.Collector, screen *desktop.Desktop) (*rig.Agent, error) {
	carried, err := collector.Link(ctx)
	if err != nil {
		return nil, err
	}
	agent := rig.NewAgent(bin, filepath.Join(dir, "agent"), screen.Env())
	if err := agent.Enroll(ctx, carried); err != nil {
		return nil, err
	}
	if err := errors.Join(agent.StartService(), agent.StartSession()); err != nil {
		agent.Stop()
		return nil, err
	}
	return agent, nil
}
