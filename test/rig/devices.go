package rig

import (
	"context"
	"encoding/json"
	"fmt"
)

// Device is a row of `device list`.
type Device struct {
	ID      string `json:"id"`
	Version string `json:"agent_version"`
}

// Devices are those the collector knows.
func (c *Collector) Devices(ctx context.Context) (known []Device, err error) {
	output, err := c.Run(ctx, "device", "list", "--format", "json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(output, &known); err != nil {
		return nil, fmt.Errorf("rig: device list: %w: %q", err, output)
	}
	return known, nil
}
