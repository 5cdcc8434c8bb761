package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// flushEvery is how often contacts are written; a crash loses what it means for "last contact" and nothing else.
const flushEvery = time.Second

// contacts gathers what syncs say of their devices and writes it once a second in one transaction. The newest fact of a
// device wins.
type contacts struct {
	registry collector.Registry
	log      *slog.Logger
	mu       sync.Mutex
	waiting  map[string]collector.Contact
}

func newContacts(registry collector.Registry, log *slog.Logger) *contacts {
	return &contacts{registry: registry, log: log, waiting: map[string]collector.Contact{}}
}

func (c *contacts) add(contact collector.Contact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[contact.Device] = merge(c.waiting[contact.Device], contact)
}

// merge keeps what the newer contact does not say anew.
func merge(older, newer collector.Contact) collector.Contact {
	if newer.Facts == nil {
		newer.Facts = older.Facts
	}
	if newer.Health == nil {
		newer.Health = older.Health
	}
	if newer.LastEpisodeAt.Before(older.LastEpisodeAt) {
		newer.LastEpisodeAt = older.LastEpisodeAt
	}
	return newer
}

// Run writes until the context ends, and then what is left.
func (c *contacts) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			c.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			c.flush(last)
			return nil
		}
	}
}

// flush writes what waits; what could not be written waits on.
func (c *contacts) flush(ctx context.Context) {
	c.mu.Lock()
	taken := c.waiting
	c.waiting = make(map[string]collector.Contact, len(taken))
	c.mu.Unlock()
	if len(taken) == 0 {
		return
	}
	list := make([]collector.Contact, 0, len(taken))
	for _, contact := range taken {
		list = append(list, contact)
	}
	err := c.registry.Contacts(ctx, list)
	if err == nil {
		return
	}
	c.log.Error("contacts not written", "count", len(list), "error", err)
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, contact := range taken {
		if newer, ok := c.waiting[id]; ok {
			contact = merge(contact, newer)
		}
		c.waiting[id] = contact
	}
}

// lastContacts are contacts not written yet, so that a listing is not a second behind.
func (c *contacts) lastContacts() map[string]collector.Contact {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := make(map[string]collector.Contact, len(c.waiting))
	for id, contact := range c.waiting {
		seen[id] = contact
	}
	return seen
}
