// Command run is `make run`: a collector, and an agent that watches this desktop; without a display, a virtual desktop
// of real programs that are worked on by key and pointer events. Everything it starts ends with it; its state stays,
// so that the next run goes on where this one ended.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/rig"
)

// showEvery is how often the report is printed.
const showEvery = 20 * time.Second

func main() {
	bin := flag.String("bin", ".build", "the folder of dayline-agent and dayline-collector")
	state := flag.String("state", ".run", "the folder that keeps the collector's and the agent's state")
	length := flag.Duration("for", 0, "end by itself after this long; 0: on ^C")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if *length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *length)
		defer cancel()
	}
	if err := run(ctx, *bin, *state); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, state string) error {
	dir, err := filepath.Abs(state)
	if err != nil {
		return err
	}
	if bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	alone, err := lock(dir)
	if err != nil {
		return err
	}
	defer alone.Close()

	screen, env, err := openDesktop(ctx, rig.Binaries(bin))
	if err != nil {
		return err
	}
	if screen != nil {
		defer screen.Close()
	}
	collector, err := startCollector(ctx, rig.Binaries(bin), dir)
	if err != nil {
		return err
	}
	defer func() { report("collector", collector.Stop()) }()
	agent, err := startAgent(ctx, rig.Binaries(bin), dir, collector, env)
	if err != nil {
		return err
	}
	defer func() { report("agent", agent.Stop()) }()

	say(bin, collector, agent, screen != nil)
	worked := make(chan error, 1)
	if screen != nil {
		go func() { worked <- work(ctx, screen) }()
	}
	return watch(ctx, collector, agent, worked)
}

func report(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "run: %s: %v\n", what, err)
	}
}

// lock keeps a second run away from the same state.
func lock(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s is in use by another run", dir)
	}
	return file, nil
}

// openDesktop takes the present one, or brings up a virtual one where there is no display.
func openDesktop(ctx context.Context, bin rig.Binaries) (*virtual, []string, error) {
	if os.Getenv("DISPLAY") != "" {
		return nil, os.Environ(), nil
	}
	fmt.Println("There is no display here: bringing up a virtual desktop with a terminal, an editor and Chromium …")
	dir, err := os.MkdirTemp("", "dayline-desktop-")
	if err != nil {
		return nil, nil, err
	}
	d, err := desktop.Start(ctx, dir)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	v := &virtual{desktop: d, dir: dir}
	if err := v.open(ctx, bin); err != nil {
		v.Close()
		return nil, nil, err
	}
	return v, d.Env(), nil
}

const account = `# The account's settings; edit this file while make run is running: within a minute the agent follows.
passive: {start: 1m, stop: 5m}
privacy: {titles: true, urls: path, pause: true}
# Far more often than an office needs, so that one can watch.
agents: {sync_every: 10s}
`

func startCollector(ctx context.Context, bin rig.Binaries, dir string) (*rig.Collector, error) {
	// The address stays from run to run: the agent was enrolled there.
	file := filepath.Join(dir, "address")
	address, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	c, err := rig.NewCollector(bin, dir, rig.Options{Account: account, Listen: string(address)})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(c.Listen), 0o600); err != nil {
		return nil, err
	}
	return c, c.Start(ctx)
}

func startAgent(ctx context.Context, bin rig.Binaries, dir string, collector *rig.Collector, env []string) (*rig.Agent, error) {
	a := rig.NewAgent(bin, filepath.Join(dir, "agent"), env)
	enrolled := filepath.Join(dir, "enrolled")
	if _, err := os.Stat(enrolled); err != nil {
		carried, err := collector.Link(ctx)
		if err != nil {
			return nil, err
		}
		if err := a.Enroll(ctx, carried); err != nil {
			return nil, err
		}
		if err := os.WriteFile(enrolled, nil, 0o600); err != nil {
			return nil, err
		}
	}
	return a, a.Start()
}

func say(bin string, collector *rig.Collector, agent *rig.Agent, virtual bool) {
	watched := "this desktop"
	if virtual {
		watched = "a virtual desktop, driven by key and pointer events"
	}
	environment := "DAYLINE_CONFIG=" + collector.Config
	fmt.Printf(`
A collector runs at https://%s and an agent watches %s.

  the pages       %[10]s
  to sign in      the link for the first administrator is in %[11]s/first-admin
  what was seen   %[3]s %[4]s report activity
  the totals      %[3]s %[4]s report apps
  the agent       %[5]s status --state %[6]s
  the settings    %[7]s/account.yaml
  to stop         ^C (or SIGTERM); the state stays in %[8]s

The report follows every %[9]s.

`, collector.Listen, watched, environment, rig.Binaries(bin).Collector(), rig.Binaries(bin).Agent(), agent.State, collector.Config,
		filepath.Dir(collector.Config), showEvery, collector.Pages(), collector.Data)
}

// watch prints the report again and again until the context ends or something else does.
func watch(ctx context.Context, collector *rig.Collector, agent *rig.Agent, worked <-chan error) error {
	show := time.NewTicker(showEvery)
	defer show.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-collector.Process().Done():
			return fmt.Errorf("the collector ended: %w\n%s", collector.Process().Err(), collector.Process().Tail())
		case <-agent.Service().Done():
			return fmt.Errorf("the agent ended: %w\n%s", agent.Service().Err(), agent.Service().Tail())
		case err := <-worked:
			return err
		case <-show.C:
			if err := printReport(ctx, collector); err != nil {
				return err
			}
		}
	}
}

// shown is how many of the newest rows are printed.
const shown = 12

func printReport(ctx context.Context, collector *rig.Collector) error {
	output, err := collector.Run(ctx, "report", "activity")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimRight(string(output), "\n"), "\n")
	if len(lines) < 2 {
		fmt.Printf("— %s, nothing has come in yet\n\n", time.Now().Format(time.TimeOnly))
		return nil
	}
	fmt.Printf("— %s, the newest of %d rows\n%s\n", time.Now().Format(time.TimeOnly), len(lines)-1, lines[0])
	for _, line := range lines[max(1, len(lines)-shown):] {
		fmt.Println(line)
	}
	fmt.Println()
	return nil
}
