package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/wine"
)

const (
	// stillness is how long nothing happens, to count what is woken.
	stillness = 2 * time.Minute
	// fronts windows come to the front, one every frontEvery.
	fronts     = 300
	frontEvery = 200 * time.Millisecond

	// The service and the helper by their command lines.
	serviceLine, helperLine = "service --managed", "session --pipe"
)

// measureWindows runs the agent for Windows under Wine, whose own part in every figure programs show that do nothing.
func measureWindows(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	dir, err := os.MkdirTemp("", "dl")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	collector, err := rig.NewCollector(bin, dir, rig.Options{Account: stillAccount + "agents: {sync_every: 1s}\n"})
	if err != nil {
		return nil, err
	}
	if err := collector.Start(ctx); err != nil {
		return nil, err
	}
	defer collector.Stop()
	machine, err := wine.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer machine.Close()
	if err := installOn(ctx, machine, collector); err != nil {
		return nil, err
	}
	windows, err := openWindows(ctx, machine)
	if err != nil {
		return nil, err
	}
	if figures, err = measureFronts(ctx, windows, collector); err != nil {
		return nil, err
	}
	idle, err := startIdle(machine, dir)
	if err != nil {
		return nil, err
	}
	still, err := measureStillness(ctx, machine, collector, idle)
	return append(figures, still...), err
}

// installOn puts the agent onto a machine, as an administrator does.
func installOn(ctx context.Context, machine *wine.Machine, collector *rig.Collector) error {
	if err := errors.Join(machine.PutAgent(), machine.InstallAgent(ctx)); err != nil {
		return err
	}
	carried, err := collector.Link(ctx)
	if err != nil {
		return err
	}
	if _, err := machine.Run(ctx, wine.Agent, "enroll", carried); err != nil {
		return err
	}
	return process.Wait(ctx, time.Minute, "the service starts a helper", func() error {
		if len(machine.PIDs(serviceLine)) != 1 || len(machine.PIDs(helperLine)) != 1 {
			return errors.New("not yet")
		}
		return nil
	})
}

func openWindows(ctx context.Context, machine *wine.Machine) (windows []*wine.Puppet, err error) {
	for _, name := range []string{"one", "two", "three"} {
		window, _, err := machine.Open(ctx, wine.Program{File: name + ".exe", Description: strings.ToUpper(name)}, name)
		if err != nil {
			return nil, err
		}
		windows = append(windows, window)
	}
	return windows, nil
}

// measureFronts brings windows to the front in turns, each under a title of its own, and looks for the titles in what
// the collector has.
func measureFronts(ctx context.Context, windows []*wine.Puppet, collector *rig.Collector) ([]figure, error) {
	from := time.Now()
	late := time.Duration(0)
	// Nothing is recorded before there was input.
	if _, err := windows[0].Input(); err != nil {
		return nil, err
	}
	for i := range fronts {
		window := windows[i%len(windows)]
		if _, err := window.Retitle(title(i)); err != nil {
			return nil, err
		}
		due := from.Add(time.Duration(i) * frontEvery)
		if err := wait(ctx, time.Until(due)); err != nil {
			return nil, err
		}
		if _, err := window.Front(); err != nil {
			return nil, err
		}
		late = max(late, time.Since(due))
	}
	seen := map[string]bool{}
	_ = process.Wait(ctx, 20*time.Second, "every change is seen", func() error { // what was not seen is counted below
		rows, err := collector.Activity(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			seen[row.Title] = true
		}
		if n := count(seen); n < fronts {
			return fmt.Errorf("%d", n)
		}
		return nil
	})
	return []figure{{fmt.Sprintf("Windows: %d focus changes, %s apart", fronts, frontEvery), "all seen", fmt.Sprintf("%d seen", count(seen)),
		fmt.Sprintf("by an episode each at the collector; the latest change came %s late", late.Round(time.Millisecond))}}, nil
}

func title(i int) string { return fmt.Sprintf("Change %03d", i) }

func count(seen map[string]bool) (n int) {
	for i := range fronts {
		if seen[title(i)] {
			n++
		}
	}
	return n
}

// observed is a process whose wake-ups are counted.
type observed struct {
	name string
	pid  int
}

// startIdle starts programs that do nothing, to compare with.
func startIdle(machine *wine.Machine, dir string) (idle []observed, err error) {
	const program = `C:\idle.exe`
	if err := buildForWindows("./test/bench/idle", machine.Path(program)); err != nil {
		return nil, err
	}
	for _, one := range []struct{ name, argument string }{{"an idle Go program", "nothing"}, {"one with a window", "window"}} {
		started, err := process.Start(process.Command{Name: one.argument, Path: "wine", Args: []string{program, one.argument}, Env: machine.Env(), Dir: dir})
		if err != nil {
			return nil, err
		}
		idle = append(idle, observed{one.name, started.PID()})
	}
	return idle, nil
}

func buildForWindows(source, target string) error {
	root, err := rig.Root()
	if err != nil {
		return err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", target, source)
	build.Dir, build.Env = root, append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, said)
	}
	return nil
}

// passiveAfter is longer than all that is done until the threads were counted while active. It holds from the beginning:
// an episode that goes on would keep what held when it began.
const passiveAfter = 6 * time.Minute

const stillAccount = "settle: 0s\npassive: {start: 6m, stop: indefinitely}\n"

// measureStillness counts how often each thread wakes while nothing happens, first active, then passive, and the memory
// after that.
func measureStillness(ctx context.Context, machine *wine.Machine, collector *rig.Collector, idle []observed) ([]figure, error) {
	service, helper := machine.PIDs(serviceLine), machine.PIDs(helperLine)
	if len(service) != 1 || len(helper) != 1 {
		return nil, fmt.Errorf("%d services and %d helpers run", len(service), len(helper))
	}
	ours := []observed{{"helper", helper[0]}, {"service", service[0]}}
	// One change alone: with it, no more syncs come that would bring another.
	if err := collector.Account(stillAccount + "agents: {sync_every: 10m}\n"); err != nil {
		return nil, err
	}
	lastInput := time.Now()
	var figures []figure
	for _, state := range []struct {
		name, target string
		after        time.Duration
	}{
		{"active", "≤ 6, the safety poll's", time.Minute},
		{"passive", "≤ 60: idle is asked each second", passiveAfter},
	} {
		if err := wait(ctx, time.Until(lastInput.Add(state.after))); err != nil {
			return nil, err
		}
		woken, err := countWakes(ctx, slices.Concat(ours, idle))
		if err != nil {
			return nil, err
		}
		compared := ""
		for _, one := range idle {
			compared += fmt.Sprintf("; %s %.1f", one.name, woken[one.pid].most())
		}
		for _, one := range ours {
			counted := woken[one.pid]
			figures = append(figures, figure{fmt.Sprintf("Windows: wake-ups a minute, %s, %s", one.name, state.name), state.target, fmt.Sprintf("%.1f", counted.most()),
				fmt.Sprintf("of the most woken of %d threads, in %s%s", len(counted), stillness, compared)})
		}
	}
	memory, err := measureResident(slices.Concat(ours, idle))
	return append(figures, memory...), err
}

// measureResident tells what is in memory, and how much of it is the program's own file: Wine reads that whole, where
// Windows maps it and keeps what is used.
func measureResident(processes []observed) (figures []figure, err error) {
	targets := map[string]string{"helper": "≤ 10 MB, or < 20 with the reason", "service": "≤ 15 MB, or < 30 with the reason"}
	for _, one := range processes {
		image, err := imageMemory(one.pid)
		if err != nil {
			return nil, err
		}
		mega := func(bytes int64) float64 { return float64(bytes) / 1e6 }
		all, own := memory(one.pid), kilobytes(one.pid, "status", "RssAnon")
		figures = append(figures, figure{"Windows: memory, " + one.name, targets[one.name], fmt.Sprintf("%.1f MB", mega(own-image)),
			fmt.Sprintf("without its file, which Wine copies into memory (%.1f), and Wine's libraries (%.1f); resident %.1f", mega(image), mega(all-own), mega(all))})
	}
	return figures, nil
}

// goImage is where Go's linker has programs for Windows of 64 bits loaded, imageEnd an address behind all of them.
const goImage, imageEnd = 0x140000000, 0x160000000

// imageMemory is what is in memory of the file that a process runs.
func imageMemory(pid int) (bytes int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		return 0, err
	}
	inside := false
	for line := range strings.Lines(string(text)) {
		var from, to, size int64
		if n, _ := fmt.Sscanf(line, "%x-%x ", &from, &to); n == 2 {
			inside = from >= goImage && to <= imageEnd
		} else if n, _ := fmt.Sscanf(line, "Anonymous: %d kB", &size); n == 1 && inside {
			bytes += size << 10
		}
	}
	return bytes, nil
}

// wakes are the wake-ups of a process's threads.
type wakes map[string]*waking

// waking is a thread: how often it had waited when it was looked at last, whether it ran since the time before, and how
// often it began to.
type waking struct {
	switches int64
	ran      bool
	begun    int
}

// most is what the most woken thread has in a minute.
func (w wakes) most() float64 {
	most := 0
	for _, thread := range w {
		most = max(most, thread.begun)
	}
	return float64(most) / stillness.Minutes()
}

// lookEvery tells two wake-ups apart.
const lookEvery = 50 * time.Millisecond

// countWakes looks on for a while. Wine asks its server for whatever a program asks of Windows, and waits for the
// answer each time: so what is counted is not how often a thread waited, but how often it began to run after a moment
// of rest.
func countWakes(ctx context.Context, processes []observed) (map[int]wakes, error) {
	woken := map[int]wakes{}
	for _, one := range processes {
		woken[one.pid] = wakes{}
	}
	for until := time.Now().Add(stillness); time.Now().Before(until); {
		for pid, threads := range woken {
			for thread, switches := range switches(pid) {
				w := threads[thread]
				if w == nil {
					threads[thread] = &waking{switches: switches}
					continue
				}
				ran := switches != w.switches
				if ran && !w.ran {
					w.begun++
				}
				w.switches, w.ran = switches, ran
			}
		}
		if err := wait(ctx, lookEvery); err != nil {
			return nil, err
		}
	}
	return woken, nil
}

// switches is how often each thread of a process has waited.
func switches(pid int) map[string]int64 {
	counted := map[string]int64{}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid)) // the pattern is a good one
	for _, task := range tasks {
		text, err := os.ReadFile(filepath.Join(task, "status"))
		if err != nil {
			continue // it has ended
		}
		for line := range strings.Lines(string(text)) {
			if value, found := strings.CutPrefix(line, "voluntary_ctxt_switches:"); found {
				var n int64
				if _, err := fmt.Sscan(value, &n); err == nil {
					counted[filepath.Base(task)] = n
				}
			}
		}
	}
	return counted
}
