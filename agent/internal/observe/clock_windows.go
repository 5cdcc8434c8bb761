package observe

import (
	"fmt"
	"time"

	"github.com/dayline-project/dayline/agent/internal/sys/win"
)

// readClocks reads the interrupt time, with and without what the computer slept. They step with the clock's interrupts,
// as the ticks do that inputs are dated by.
func readClocks() (boot, mono time.Duration, err error) {
	mono, err = win.UnbiasedInterruptTime()
	if err != nil {
		return 0, 0, fmt.Errorf("observe: clocks: %w", err)
	}
	return win.InterruptTime(), mono, nil
}
