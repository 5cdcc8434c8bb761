package session

import (
	"context"
	"log/slog"
	"time"
)

const (
	// lookEvery is how often the keeper looks at the sessions when nobody told it of a change.
	lookEvery = time.Minute
	// lookAgain is how long after a notice it looks once more: what the notice tells of may not be complete.
	lookAgain = 5 * time.Second
	// A helper that ends is started again, ever more slowly while it does not stay for healthyFor.
	relaunchMin = time.Second
	relaunchMax = time.Minute
	healthyFor  = time.Minute
	// leaveFor is what a helper has to end by itself: what it takes to close its episodes, and a moment.
	leaveFor = endFor + 500*time.Millisecond
)

// Keeper keeps one helper in each login session, and never two.
type Keeper struct {
	launcher Launcher
	serve    func(Launched)
	log      *slog.Logger
	wake     chan struct{}
	ended    chan ending
	posts    map[string]*post
}

// post is one login session's.
type post struct {
	session LoginSession
	// helper is who is there; while nobody is, the next one is due at dueAt.
	helper    Launched
	startedAt time.Time
	dueAt     time.Time
	// wait is how long the last one was put off.
	wait time.Duration
	// leaveBy is when a helper is ended whose session is gone; zero while that is there.
	leaveBy time.Time
}

// ending is how a session's helper ended.
type ending struct {
	id    string
	going bool
	err   error
}

// NewKeeper gives a keeper that has yet to Run. It calls serve with each helper, in a goroutine of that helper's; serve
// returns when the helper's pipe has ended.
func NewKeeper(launcher Launcher, serve func(Launched), log *slog.Logger) *Keeper {
	return &Keeper{launcher: launcher, serve: serve, log: log, wake: make(chan struct{}, 1), ended: make(chan ending), posts: map[string]*post{}}
}

// Look makes the keeper look at the sessions soon.
func (k *Keeper) Look() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run keeps helpers until ctx ends. Then it starts none, leaves those there are time to close their episodes, and ends
// them.
func (k *Keeper) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		within := lookEvery
		select {
		case <-ctx.Done():
			k.leave()
			return nil
		case e := <-k.ended:
			k.over(e, time.Now())
		case <-k.wake:
			within = lookAgain
		case <-timer.C:
		}
		if ctx.Err() == nil {
			timer.Reset(min(within, k.look(time.Now())))
		}
	}
}

// look brings the helpers in line with the sessions, and gives when to look next.
func (k *Keeper) look(now time.Time) time.Duration {
	sessions, err := k.launcher.Sessions()
	if err != nil {
		k.log.Error("login sessions not listed", "error", err)
		return lookEvery
	}
	there := map[string]bool{}
	for _, session := range sessions {
		p := k.posts[session.ID]
		if p == nil {
			p = &post{session: session}
			k.posts[session.ID] = p
		}
		if p.session != session {
			if p.helper != nil {
				continue // of who had this id before: it leaves first
			}
			*p = post{session: session}
		}
		there[session.ID], p.leaveBy = true, time.Time{}
		if p.helper == nil && !now.Before(p.dueAt) {
			k.launch(p, now)
		}
	}
	for id, p := range k.posts {
		switch {
		case there[id]:
		case p.helper == nil:
			delete(k.posts, id)
		case p.leaveBy.IsZero():
			p.leaveBy = now.Add(leaveFor)
		case !now.Before(p.leaveBy):
			p.helper.Conn().Close()
		}
	}
	return k.next(now)
}

// next is how long until something is due.
func (k *Keeper) next(now time.Time) time.Duration {
	next := lookEvery
	for _, p := range k.posts {
		switch {
		case p.helper == nil:
			next = min(next, p.dueAt.Sub(now))
		case p.leaveBy.After(now):
			next = min(next, p.leaveBy.Sub(now))
		}
	}
	return next
}

func (k *Keeper) launch(p *post, now time.Time) {
	helper, err := k.launcher.Launch(p.session)
	if err != nil {
		p.putOff(now)
		k.log.Error("session helper not started", "session", p.session.ID, "error", err, "again_in", p.wait)
		return
	}
	p.helper, p.startedAt = helper, now
	k.log.Info("session helper started", "session", p.session.ID, "pid", helper.Peer().PID)
	id := p.session.ID
	go func() { // ends with the helper
		k.serve(helper)
		going, err := helper.End(leaveFor)
		k.ended <- ending{id, going, err}
	}()
}

// over notes that a helper has ended.
func (k *Keeper) over(e ending, now time.Time) {
	p := k.posts[e.id]
	p.helper = nil
	if now.Sub(p.startedAt) >= healthyFor {
		p.wait = 0
	}
	if e.going || e.err == nil {
		// The session is about to be gone. If it stays after all, it gets another.
		p.wait, p.dueAt = 0, now.Add(relaunchMax)
		k.log.Info("session helper ended with its session", "session", e.id)
		return
	}
	p.putOff(now)
	k.log.Warn("session helper ended", "session", e.id, "error", e.err, "again_in", p.wait)
}

// putOff says when the next helper is due.
func (p *post) putOff(now time.Time) {
	p.wait = min(max(2*p.wait, relaunchMin), relaunchMax)
	p.dueAt = now.Add(p.wait)
}

// leave waits for the helpers to end; those that do not are ended.
func (k *Keeper) leave() {
	timer := time.NewTimer(leaveFor)
	defer timer.Stop()
	for k.any() {
		select {
		case e := <-k.ended:
			k.posts[e.id].helper = nil
		case <-timer.C:
			for _, p := range k.posts {
				if p.helper != nil {
					p.helper.Conn().Close()
				}
			}
		}
	}
}

func (k *Keeper) any() bool {
	for _, p := range k.posts {
		if p.helper != nil {
			return true
		}
	}
	return false
}
