//go:build !windows

package session

import "log/slog"

// NewLauncher gives none: each login session starts its own helper.
func NewLauncher(*slog.Logger) Launcher { return nil }
