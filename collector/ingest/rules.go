package ingest

import (
	"context"
	"sync"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

// permission is what one settings document said of one login; nil of a document nobody knows allows everything.
type permission struct {
	tracked bool
	privacy episode.Privacy
	rules   *episode.Rules
}

// allow blanks what was forbidden in a record; false where all of it was. Only the settings a record names count,
// never later ones (architecture.md, the contract).
func (p *permission) allow(record *stream.Record) bool {
	if record.Private {
		record.Title, record.Site, record.URL = "", "", ""
	}
	if p == nil {
		return true
	}
	if !p.tracked || !p.rules.Scheduled(record.Start) {
		return false
	}
	if isLocked(record) {
		record.Identity, record.Product, record.Bundle = episode.Identity{}, "", ""
		return true
	}
	site := record.Site
	record.Identity = p.rules.Reduce(episode.Focus{
		App: record.App, Title: record.Title, URL: record.URL, Private: record.Private,
	})
	if record.URL == "" && record.Site == "" && !record.Private && p.privacy.URLs != episode.URLsNone {
		record.Site = site // at level host, the address itself does not travel
	}
	return true
}

// maxPermissions are remembered; there is one for each device and login, and for each change of settings.
const maxPermissions = 20_000

// rules remembers permissions.
type rules struct {
	registry Registry
	mu       sync.Mutex
	found    map[ruleKey]*permission
}

type ruleKey struct {
	revision string
	login    stream.Login
}

// find gives nil for an unknown revision: what it forbade is not known, and nothing says the episode is wrong.
func (r *rules) find(ctx context.Context, revision string, login stream.Login) (*permission, error) {
	if revision == "" {
		return nil, nil
	}
	key := ruleKey{revision, login}
	r.mu.Lock()
	known, ok := r.found[key]
	r.mu.Unlock()
	if ok {
		return known, nil
	}
	document, err := r.registry.Document(ctx, revision)
	if collector.CodeOf(err) == collector.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	device, err := settings.ParseDevice(document)
	if err != nil {
		return nil, err
	}
	// What the agent lacked it told nobody here; that it captured less is its own affair.
	effective := device.For(login, append(device.Requires, settings.FeatureNotice), nil)
	found := &permission{
		tracked: effective.Tracked, privacy: effective.Settings.Privacy, rules: effective.Settings.Compile(),
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == nil || len(r.found) >= maxPermissions {
		r.found = map[ruleKey]*permission{}
	}
	r.found[key] = found
	return found, nil
}
