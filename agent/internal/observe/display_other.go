//go:build !linux && !windows

package observe

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func openDisplay(context.Context, string, func() time.Duration) (display, error) {
	return nil, fmt.Errorf("observe: display: %w", errors.ErrUnsupported)
}

func desktopKind() (kind string, wayland bool) { return "", false }
