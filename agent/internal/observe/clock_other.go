//go:build !linux && !windows

package observe

import (
	"errors"
	"fmt"
	"time"
)

func readClocks() (boot, mono time.Duration, err error) {
	return 0, 0, fmt.Errorf("observe: clocks: %w", errors.ErrUnsupported)
}
