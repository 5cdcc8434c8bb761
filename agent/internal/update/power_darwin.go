package update

import (
	"context"
	"os/exec"
	"time"
)

// askPower asks pmset(1); where it tells nothing there is no battery.
func askPower() power {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	told, _ := exec.CommandContext(ctx, "/usr/bin/pmset", "-g", "batt").Output()
	return powerToldBy(string(told))
}
