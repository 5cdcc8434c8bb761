package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/collector/access"
)

// firstAdminFile in the data folder holds the link for the first administrator, where there is no terminal to print it on.
const firstAdminFile = "first-admin"

// firstAdmin offers whoever installs the collector the way in, while there is no administrator: a link that is good
// once and for an hour. It stands on the terminal or in a file for the owner alone, and in no log.
type firstAdmin struct {
	access  *access.Access
	webURL  string
	dataDir string
	words   io.Writer
	log     *slog.Logger
	// changed tells of another configuration: there may be an administrator now.
	changed <-chan struct{}
}

// Run offers the link until it was used, has ended, or the context ends.
func (f *firstAdmin) Run(ctx context.Context) error {
	if err := f.withdraw(); err != nil { // of a collector that was killed
		return err
	}
	code, until := f.access.OfferFirstAdmin()
	if code == "" {
		<-ctx.Done()
		return nil
	}
	if err := f.offer(f.webURL + "/setup#code=" + code); err != nil {
		return err
	}
	end := time.NewTimer(time.Until(until))
	defer end.Stop()
	for waiting := true; waiting; {
		select {
		case <-ctx.Done():
			return f.withdraw()
		case <-end.C:
			f.log.Warn("nobody became the first administrator; start the collector again for another link")
			waiting = false
		case <-f.changed:
			waiting = !f.access.HasAdmin()
		}
	}
	if err := f.withdraw(); err != nil {
		return err
	}
	if f.access.HasAdmin() {
		f.log.Info("there is an administrator now")
	}
	<-ctx.Done()
	return nil
}

func (f *firstAdmin) offer(link string) error {
	if isTerminal(f.words) {
		_, err := fmt.Fprintf(f.words, "\nThere is no administrator yet. Whoever opens this within an hour becomes the first:\n\n  %s\n\n", link)
		return err
	}
	file := filepath.Join(f.dataDir, firstAdminFile)
	if err := os.WriteFile(file, []byte(link+"\n"), 0o600); err != nil {
		return fmt.Errorf("first administrator: %w", err)
	}
	f.log.Warn("there is no administrator yet: the link for the first is in a file, and good for an hour", "file", file)
	return nil
}

func (f *firstAdmin) withdraw() error {
	if err := os.Remove(filepath.Join(f.dataDir, firstAdminFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("first administrator: %w", err)
	}
	return nil
}
