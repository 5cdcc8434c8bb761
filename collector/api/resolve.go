package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/settings"
	"github.com/dayline-project/dayline/shared/stream"
)

// Rules are the account's settings in force.
type Rules interface {
	// Rules gives them with a number that grows whenever they change.
	Rules() (generation uint64, account *settings.Account, people *settings.People)
}

const (
	maxLogins    = 100
	maxNameBytes = 255
	// peopleFor is how old the registry's word on who is who may be while documents are resolved.
	peopleFor = 10 * time.Second
	// renewalsPerHour of one device's settings for other logins: each document is kept, and a device may name any login.
	// Beyond it the settings stay as they are, and the agent records nothing of a login they do not know.
	renewalsPerHour = 60
)

// resolver makes each device's settings document, once for each set of rules and of logins asked about.
type resolver struct {
	registry collector.Registry
	rules    Rules
	now      func() time.Time
	salt     []byte
	mu       sync.Mutex
	people   map[string]string
	readAt   time.Time
}

// resolved is the revision of the document last made for a device, and what that was made from. The document is in the
// registry: ten thousand of them would fill the memory.
type resolved struct {
	generation uint64
	subject    string
	revision   string
}

func newResolver(ctx context.Context, registry collector.Registry, rules Rules, now func() time.Time) (*resolver, error) {
	salt, err := registry.Secret(ctx, "do-not-track-salt", func() ([]byte, error) {
		salt := make([]byte, 32)
		_, err := rand.Read(salt)
		return salt, err
	})
	if err != nil {
		return nil, fmt.Errorf("api: salt: %w", err)
	}
	return &resolver{registry: registry, rules: rules, now: now, salt: salt}, nil
}

// settingsFor gives the device's settings, nil where it has them already. The document is in the registry before it
// leaves, so that the collector knows later what each episode was recorded under.
func (r *resolver) settingsFor(ctx context.Context, one *device, all *devices, m *agentv1.SyncRequest) (*agentv1.Settings, error) {
	generation, account, people := r.rules.Rules()
	device := one.snapshot()
	subject := all.subject(device)
	asked := subjectKey(subject.Name, m.Logins)
	one.mu.Lock()
	made := one.resolved
	one.mu.Unlock()
	changed := made.revision == "" || made.generation != generation
	if changed || made.subject != asked && one.mayRenew(r.now()) {
		var err error
		if subject.Logins, err = r.logins(ctx, device.ID, m.Logins); err != nil {
			return nil, err
		}
		made = resolved{generation: generation, subject: asked}
		if made.revision, err = r.make(ctx, account, people, &subject); err != nil {
			return nil, err
		}
		one.mu.Lock()
		one.resolved = made
		one.mu.Unlock()
	}
	if m.SettingsRevision == made.revision {
		return nil, nil
	}
	document, err := r.registry.Document(ctx, made.revision)
	if err != nil {
		return nil, err
	}
	return &agentv1.Settings{Revision: made.revision, Document: document}, nil
}

// subject is a device as rules may mean it: by its name only where no other has it and it never changed.
func (d *devices) subject(device collector.Device) settings.Subject {
	subject := settings.Subject{ID: device.ID}
	if !slices.Contains(device.Flags, collector.FlagRenamed) && d.uniqueName(device.Name) {
		subject.Name = device.Name
	}
	return subject
}

// make makes a document and keeps it.
func (r *resolver) make(ctx context.Context, account *settings.Account, people *settings.People, subject *settings.Subject) (revision string, err error) {
	device, err := settings.Resolve(account, people, subject, settings.Salt(r.salt, subject.ID))
	if err != nil {
		return "", err
	}
	revision, document, err := device.Encode()
	if err != nil {
		return "", err
	}
	return revision, r.registry.PutDocument(ctx, subject.ID, revision, document, r.now())
}

func checkLogins(logins []*agentv1.Login) error {
	if len(logins) > maxLogins {
		return collector.Refuse(collector.BadRequest, "logins", "more than %d", maxLogins)
	}
	for i, l := range logins {
		if err := checkLogin(fmt.Sprintf("logins[%d]", i), l); err != nil {
			return err
		}
	}
	return nil
}

func checkLogin(field string, l *agentv1.Login) error {
	if l.GetAccount() == "" || len(l.GetAccount()) > maxNameBytes || len(l.GetAuthority()) > maxNameBytes || len(l.GetName()) > maxNameBytes {
		return collector.Refuse(collector.BadRequest, field, "an account is needed, and no part may exceed %d bytes", maxNameBytes)
	}
	return nil
}

// subjectKey is all a document depends on beside the rules and the device itself.
func subjectKey(name string, logins []*agentv1.Login) string {
	parts := make([]string, 0, len(logins)+1)
	for _, l := range logins {
		parts = append(parts, l.Authority+"\x00"+l.Account+"\x00"+l.Name)
	}
	slices.Sort(parts)
	return strings.Join(append(parts, name), "\x01")
}

// logins adds who is who, as far as the registry knows: a person appears with the first episode, not by being asked for.
func (r *resolver) logins(ctx context.Context, device string, asked []*agentv1.Login) ([]settings.SubjectLogin, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.people == nil || now.Sub(r.readAt).Abs() >= peopleFor {
		all, err := r.registry.Logins(ctx)
		if err != nil {
			return nil, err
		}
		r.people, r.readAt = make(map[string]string, len(all)), now
		for _, l := range all {
			r.people[l.Key] = l.Person
		}
	}
	list := make([]settings.SubjectLogin, len(asked))
	for i, l := range asked {
		login := stream.Login{Authority: l.Authority, Account: l.Account, Name: l.Name}
		list[i] = settings.SubjectLogin{Login: login, Person: r.people[collector.LoginKey(device, login)]}
	}
	return list, nil
}
