package enroll

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/dayline-project/dayline/shared/token"
)

const (
	// lookEvery is how often a device that is not enrolled looks whether it is now, or may be by what came.
	lookEvery = 2 * time.Second
	// refusedFor is how long a string that was refused is left alone.
	refusedFor = time.Hour
)

// Awaiter enrols the device by the string that was left for it, or waits for one, while the service runs.
type Awaiter struct {
	// Folder is the state folder.
	Folder   string
	Carriers []Carrier
	// Enrol goes on until there is an answer or ctx ends, and says why there is none yet.
	Enrol func(ctx context.Context, t token.Token, say func(string)) error
	Log   *slog.Logger

	// found are the strings that are left, the last to come first.
	found []string
	// refused are strings, and when they were.
	refused map[string]time.Time

	mu    sync.Mutex
	words string
}

// attempt is an enrolment under way; its zero is none.
type attempt struct {
	text  string
	stop  context.CancelFunc
	ended chan error
}

// Words say with which collector it is enrolling and why that lasts, or why it cannot; empty where nothing was left.
func (a *Awaiter) Words() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.words
}

func (a *Awaiter) say(words string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.words = words
}

// Run ends when the device is enrolled, by this or by a command, or when ctx does.
func (a *Awaiter) Run(ctx context.Context) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	a.refused = map[string]time.Time{}
	var under attempt
	defer func() { under.end() }()
	for {
		if enrolled, err := Enrolled(a.Folder); enrolled || err != nil {
			return err
		}
		if text := a.look(time.Now()); text != under.text {
			under.end()
			under = a.try(ctx, text)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case err := <-under.ended:
			under.stop()
			if err != nil && ctx.Err() == nil {
				a.refused[under.text] = time.Now()
				a.say(err.Error())
				a.Log.Error("not enrolled", "error", err)
			}
			under = attempt{}
		}
	}
}

// look gives the string to enrol by: the last that came and was not refused; empty for none.
func (a *Awaiter) look(now time.Time) string {
	var present []string
	var problem error
	for _, carrier := range a.Carriers {
		text, err := carrier.checked()
		switch {
		case err == nil:
			present = append(present, text)
		case !errors.Is(err, ErrNoString) && problem == nil:
			problem = err
		}
	}
	came := slices.DeleteFunc(slices.Clone(present), func(text string) bool { return slices.Contains(a.found, text) })
	stayed := slices.DeleteFunc(a.found, func(text string) bool { return !slices.Contains(present, text) })
	a.found = append(came, stayed...)
	for _, text := range a.found {
		if at, refused := a.refused[text]; !refused || now.Sub(at) >= refusedFor {
			return text
		}
	}
	words := ""
	if problem != nil {
		words = problem.Error()
	}
	if words != a.Words() && (problem != nil || len(a.found) == 0) {
		a.say(words)
		if problem != nil {
			a.Log.Error("not enrolled", "error", problem)
		}
	}
	return ""
}

// try begins to enrol by a string; an empty one begins nothing.
func (a *Awaiter) try(ctx context.Context, text string) attempt {
	t, err := token.Parse(text)
	if err != nil {
		return attempt{}
	}
	begun := "enrolling with " + t.Addresses[0]
	a.say(begun)
	ctx, stop := context.WithCancel(ctx)
	under := attempt{text: text, stop: stop, ended: make(chan error, 1)}
	go func() { // ends with ctx
		under.ended <- a.Enrol(ctx, t, func(why string) {
			a.say(begun + ": " + why)
			a.Log.Warn("not enrolled yet", "reason", why)
		})
	}()
	return under
}

// end gives up, and waits until nothing is written any more.
func (u attempt) end() {
	if u.stop != nil {
		u.stop()
		<-u.ended
	}
}
