// Command bench is `make bench`: every figure of the targets that the repository can measure today, beside its target,
// with the machine's cores. It asserts nothing: timings are facts about a machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/dayline-project/dayline/test/rig"
)

// figure is one line of the table.
type figure struct {
	name, target, measured string
	// note says what the figure stands on, where that is not plain.
	note string
}

// measure is one program of measurements.
type measure struct {
	name string
	run  func(ctx context.Context, bin rig.Binaries) ([]figure, error)
}

var measures = []measure{
	{"size", measureSize},
	{"micro", measureMicro},
	{"load", measureLoad},
	{"devices", measureDevices},
	{"agent", measureAgent},
	{"reports", measureReports},
	{"memory", measureMemory},
	{"web", measureWeb},
	{"windows", measureWindows},
	{"browsers", measureBrowsers},
	{"installer", measureInstaller},
	{"update", measureUpdate},
}

func main() {
	only := flag.String("only", ".", "measure what this expression matches: size, micro, load, devices, agent, reports, memory, web, windows, browsers, installer, update")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	chosen, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	bin, err := rig.Build()
	if err != nil {
		return err
	}
	var figures []figure
	failed := false
	for _, m := range measures {
		if !chosen.MatchString(m.name) {
			continue
		}
		from := time.Now()
		fmt.Fprintf(os.Stderr, "bench: %s …\n", m.name)
		found, err := m.run(ctx, bin)
		if err != nil {
			failed = true
			found = append(found, figure{name: m.name, measured: "failed: " + err.Error()})
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", m.name, time.Since(from).Round(time.Second))
		figures = append(figures, found...)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "figure\ttarget\tmeasured\tcores\tnote")
	for _, f := range figures {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\n", f.name, f.target, f.measured, runtime.NumCPU(), f.note)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed {
		return fmt.Errorf("not everything could be measured")
	}
	return nil
}
