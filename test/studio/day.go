package studio

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
)

// stay is a stretch of time at one computer: the episodes of it, and why others of it have none.
type stay struct {
	episodes []episode.Episode
	// uses are what the episodes were of; empty of those in which nothing was in front.
	uses []use
	// from and to bound the login session; both zero where there was none.
	from, to time.Time
	// why it was not observed: pause or blind; empty: it was.
	kind string
}

// day makes a worker's day at one computer: from the start in the morning, with a lunch, some coffee, and stretches
// without input, to the evening or to now. date is the day's midnight there, ago how many days ago that is.
func (w *worker) day(random *rand.Rand, date time.Time, ago, at int, now time.Time) stay {
	if weekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday; weekend && ago > 0 {
		return stay{}
	}
	why := w.absent[ago]
	if why == "off" || at > 0 && random.Float64() < 0.4 {
		return stay{}
	}
	clock := func(hours float64) time.Time {
		return date.Add(time.Duration(hours * float64(time.Hour))).Truncate(time.Second)
	}
	begins := w.starts + 0.25*random.NormFloat64()
	ends := begins + w.works + 0.35*random.NormFloat64()
	if at > 0 { // the second computer, for an hour or two around noon
		begins += 3
		ends = begins + 1.5 + random.Float64()
	}
	s := stay{from: clock(begins - 0.05), to: clock(ends + 0.05), kind: why}
	if s.to.After(now) {
		s.to = time.Time{}
	}
	if why != "" {
		return s
	}
	lunch := 12.2 + 0.3*random.NormFloat64()
	away := []span{{lunch, lunch + 0.5 + 0.3*random.Float64()}, {begins + 1.7, begins + 1.7 + 0.2*random.Float64()}, {ends - 2, ends - 2 + 0.3*random.Float64()}}
	last, until := clock(begins), clock(ends)
	if until.After(now) {
		until = now
	}
	for last.Before(until) {
		hour := last.Sub(date).Hours()
		for _, a := range away {
			if hour >= a.from && hour < a.to {
				s.lock(last, minTime(clock(a.to), until))
				last = clock(a.to)
			}
		}
		if last = s.work(random, w.trade, last, until); random.Float64() < 0.012 {
			last = last.Add(time.Duration(6+10*random.Float64()) * time.Minute) // nobody there, nothing locked
		}
	}
	return s
}

// span is a stretch of a day in hours.
type span struct{ from, to float64 }

func (s *stay) lock(from, to time.Time) {
	if to.Sub(from) >= time.Second {
		s.add(episode.Episode{State: episode.Locked, Start: from, For: to.Sub(from), EndedBy: episode.ByUnlock, Reason: episode.ReasonLock}, use{})
	}
}

func (s *stay) add(e episode.Episode, u use) {
	s.episodes = append(s.episodes, e)
	s.uses = append(s.uses, u)
}

// work adds one thing worked on and, now and then, the time without input after it; it gives when that ends.
func (s *stay) work(random *rand.Rand, trade trade, from, until time.Time) time.Time {
	u := trade.pick(random)
	length := time.Duration(u.minutes * random.ExpFloat64() * 0.6 * float64(time.Minute))
	length = max(4*time.Second, min(length, 40*time.Minute)).Truncate(time.Millisecond)
	who := episode.Identity{App: u.app, Site: u.site, Private: u.private}
	if len(u.titles) > 0 {
		who.Title = u.titles[int(math.Abs(random.NormFloat64())*1.3)%len(u.titles)]
	}
	for _, state := range []episode.State{episode.Active, episode.Passive} {
		if state == episode.Passive {
			if random.Float64() > 0.07 {
				break
			}
			length = time.Duration(1+3*random.Float64()) * time.Minute
		}
		if left := until.Sub(from); length > left {
			length = left
		}
		if length < time.Second {
			return until
		}
		s.add(episode.Episode{State: state, Start: from, For: length, Identity: who, EndedBy: episode.ByFocus}, u)
		from = from.Add(length)
	}
	return from
}

// pick chooses by weight.
func (t trade) pick(random *rand.Rand) use {
	whole := 0.0
	for _, u := range t {
		whole += u.weight
	}
	at := random.Float64() * whole
	for _, u := range t {
		if at -= u.weight; at <= 0 {
			return u
		}
	}
	return t[len(t)-1]
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
