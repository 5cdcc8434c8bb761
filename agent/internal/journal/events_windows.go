package journal

import (
	"fmt"
	"log/slog"

	"golang.org/x/sys/windows/svc/eventlog"
)

// Ids of events. The source's messages come from EventCreate.exe, which has one for each from 1 to 1000 that is the text
// alone: https://learn.microsoft.com/windows-server/administration/windows-commands/eventcreate
const (
	warningID = 1
	errorID   = 2
)

// OpenEvents opens the event log “Application” as this source, which installing has registered.
func OpenEvents(source string) (*Events, error) {
	log, err := eventlog.Open(source)
	if err != nil {
		return nil, fmt.Errorf("journal: event log: %w", err)
	}
	return newEvents(func(level slog.Level, text string) error {
		if level >= slog.LevelError {
			return log.Error(errorID, text)
		}
		return log.Warning(warningID, text)
	}), nil
}
