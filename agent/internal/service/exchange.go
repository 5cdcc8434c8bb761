package service

import (
	"context"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/update"
	"github.com/dayline-project/dayline/agent/internal/uplink"
)

// reachWithin bounds the attempt to reach the collector.
const reachWithin = 15 * time.Second

// Exchange is update.Host of this computer, for the service that keeps its state in a folder.
type Exchange struct {
	updates
	// question puts a question to that service.
	question func(ctx context.Context, what string, document any) error
}

// NewExchange is that of the program that this one is, or watches.
func NewExchange(folder string, question func(ctx context.Context, what string, document any) error) (*Exchange, error) {
	own, err := ownUpdates(folder)
	return &Exchange{own, question}, err
}

// Ask implements update.Host.
func (e *Exchange) Ask(ctx context.Context) (report update.Report, err error) {
	err = e.question(ctx, "update", &report)
	return report, err
}

// Reached implements update.Host: a challenge needs no identity.
func (e *Exchange) Reached(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	trusted, err := enroll.Trusted(e.folder)
	return err == nil && uplink.Reached(ctx, trusted)
}

// BufferIn is the buffer's file in a state folder.
func BufferIn(folder string) string { return filepath.Join(folder, bufferFile) }
