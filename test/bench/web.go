package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/studio"
)

// measureWeb has a browser that knows nothing of the pages open the dashboard of the company's 27 million episodes (T13).
func measureWeb(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	c, _, err := openCompany(ctx, bin)
	if err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	const boss = "boss@example.com"
	if _, err := c.Tell(ctx, studio.Password+"\n", "user", "password", boss); err != nil {
		return nil, err
	}
	told, err := studio.Told(c, map[string]string{"admin": boss})
	if err != nil {
		return nil, err
	}
	root, err := rig.Root()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", "--import", "tsx", "test/speed.ts")
	cmd.Dir, cmd.Env, cmd.Stderr = filepath.Join(root, "collector", "web", "app"), append(os.Environ(), "DAYLINE_STUDIO="+told), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("speed.ts: %w", err)
	}
	var seen struct {
		Median float64 `json:"median_ms"`
		Worst  float64 `json:"worst_ms"`
		Script float64 `json:"script_bytes"`
		Later  float64 `json:"later_bytes"`
		Shift  float64 `json:"layout_shift"`
	}
	if err := json.Unmarshal(bytes.TrimSpace(output), &seen); err != nil {
		return nil, fmt.Errorf("speed.ts: %w: %q", err, output)
	}
	return []figure{
		{"T13 first view of the dashboard, cold browser", "≤ 1 s", fmt.Sprintf("%.0f ms, worst of nine %.0f ms", seen.Median, seen.Worst), "27 million episodes, the last 7 days"},
		{"T13 JavaScript until then, compressed", "≤ 400 KB", fmt.Sprintf("%.0f KB", seen.Script/1000), fmt.Sprintf("%.0f KB after it", seen.Later/1000)},
		{"T13 layout shift", "none", fmt.Sprintf("%.4f", seen.Shift), "the sum of what the browser calls shifts"},
	}, nil
}
