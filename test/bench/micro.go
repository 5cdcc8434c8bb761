package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/rig"
)

// micro are the rooms whose own benchmarks are run, and the targets they speak to by the benchmark's name.
var micro = []struct{ room, target string }{
	{"./shared/episode", "T6 ≤ 10 ms a day of 10,000 observations, no allocation"},
	{"./shared/stream", ""},
	{"./agent/internal/buffer", "T5 ≤ 25 MB for 30 days"},
	{"./collector/duckdb", "T8 ≤ 15 bytes, T9 ≤ 200 ms"},
	{"./collector/ingest", ""},
}

var benchmarkLine = regexp.MustCompile(`^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// measureMicro runs the rooms' own benchmarks and shows each line's figures as they are.
func measureMicro(ctx context.Context, _ rig.Binaries) ([]figure, error) {
	root, err := rig.Root()
	if err != nil {
		return nil, err
	}
	var figures []figure
	for _, m := range micro {
		cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchmem", "-timeout", "60m", m.room)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		output, err := cmd.Output()
		if err != nil {
			return figures, fmt.Errorf("%s: %w\n%s", m.room, err, output)
		}
		for line := range strings.Lines(string(output)) {
			if found := benchmarkLine.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
				figures = append(figures, figure{name: filepath.Base(m.room) + " " + strings.TrimPrefix(found[1], "Benchmark"),
					target: m.target, measured: strings.Join(strings.Fields(found[2]), " ")})
			}
		}
	}
	return figures, nil
}

// measureSize weighs the agent as it is shipped (T15) and times the collector's start on empty data.
func measureSize(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	version, err := release.ParseVersion("0.0.0")
	if err != nil {
		return nil, err
	}
	for _, system := range []string{"linux", "windows", "darwin"} {
		linked, err := product.Link(ctx, system, "amd64", version, time.Unix(0, 0), product.Believed{})
		if err != nil {
			return figures, err
		}
		figures = append(figures, figure{"T15 agent, " + system + "/amd64", "≤ 12 MB", fmt.Sprintf("%.2f MB", float64(len(linked))/1e6), ""})
	}
	dir, err := os.MkdirTemp("", "dayline-bench-")
	if err != nil {
		return figures, err
	}
	defer os.RemoveAll(dir)
	c, err := rig.NewCollector(bin, dir, rig.Options{})
	if err != nil {
		return figures, err
	}
	var starts []string
	for range 2 {
		from := time.Now()
		if err := c.Start(ctx); err != nil {
			return figures, err
		}
		starts = append(starts, time.Since(from).Round(time.Millisecond).String())
		if err := c.Stop(); err != nil {
			return figures, err
		}
	}
	return append(figures, figure{"collector start, no data", "", strings.Join(starts, ", then "), "first start makes keys"}), nil
}
