package retention

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/dayline-project/dayline/collector"
)

// State is how much is stored, and for how long there is room. Sizes are in bytes.
type State struct {
	collector.Usage
	// PerDay is what the last 30 days added on average, in episodes; today is left out where there are others.
	PerDay float64
	// Limit of the account; 0: none. Room is the disk that may be filled: what is free above the floor.
	Limit, Room, Free int64
	// UntilLimit and UntilFull in days, with what retention deletes meanwhile; Never where that keeps up.
	UntilLimit, UntilFull float64
	// RetentionDays, 0: for ever.
	RetentionDays int
	// ActivityFrom is the first day of the activity log; math.MinInt32 where all of it is shown.
	ActivityFrom int32
	Warnings     []string
}

// Never is a number of days that does not come.
const Never = -1

const (
	// growthDays is how far back growth is measured.
	growthDays = 30
	// soon, in days: a disk that is full by then deserves a warning.
	soon = 14
	// usedFor is how long the activity log's first day may be behind what is stored.
	usedFor = time.Minute
)

// usage is what was stored a moment ago.
type usage struct {
	mu   sync.Mutex
	at   time.Time
	last *collector.Usage
}

func (u *usage) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last = nil
}

// State tells how much is stored.
func (r *Retention) State(ctx context.Context) (*State, error) {
	used, err := r.store.Usage(ctx)
	if err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	free, floor, err := r.free()
	if err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	account := r.set().Account
	s := &State{
		Usage: used, Limit: int64(account.Storage.Limit), Free: free, Room: max(free-floor, 0), RetentionDays: account.Retention.Days,
		ActivityFrom: activityFrom(&used, int64(account.Storage.Limit)),
	}
	today := r.today()
	s.PerDay = perDay(used.Days, today)
	each := s.bytesEach()
	s.UntilLimit, s.UntilFull = Never, s.until(today, float64(s.Room)/each)
	if s.Limit > 0 {
		s.UntilLimit = s.until(today, float64(s.Limit-s.Bytes)/each)
	}
	return s, r.warn(ctx, s, floor)
}

// BytesPerDay is what the last 30 days added on average.
func (s *State) BytesPerDay() float64 { return s.PerDay * s.bytesEach() }

// bytesEach is an episode's share of the file; where there is none, what a stored one takes.
func (s *State) bytesEach() float64 {
	if s.Episodes == 0 {
		return 15
	}
	return float64(s.Bytes) / float64(s.Episodes)
}

// warn says what an administrator should know.
func (r *Retention) warn(ctx context.Context, s *State, floor int64) error {
	add := func(format string, args ...any) { s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...)) }
	if s.ActivityFrom != math.MinInt32 {
		add("more is stored than storage.limit allows: the activity log begins at %s; collection and totals go on", dateOf(s.ActivityFrom))
	}
	switch {
	case s.Free < floor:
		add("the disk has less free space than storage.floor: agents keep what they record until there is more")
	case s.UntilFull != Never && s.UntilFull < soon:
		add("the disk is full in %.0f days", s.UntilFull)
	}
	if s.Free < s.Bytes {
		add("the disk has too little free space to write the episode file anew, which deletion needs")
	}
	stats, err := r.store.Stats(ctx)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	for _, file := range stats.SetAside {
		add("%s could not be read and was set aside: what it holds is missing in reports", file)
	}
	erased, err := r.registry.WorkDone(ctx, workErased)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	rewritten, err := r.registry.WorkDone(ctx, workRewritten)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	if erased.After(rewritten) {
		add("what was deleted on %s still has to leave the file: that comes by itself within a day, or with `storage compact`",
			erased.In(Zone(r.set())).Format("2006-01-02 15:04"))
	}
	return nil
}

// ActivityFrom is the first day of the activity log; math.MinInt32 where all of it is shown. What is stored a minute
// earlier decides.
func (r *Retention) ActivityFrom(ctx context.Context) (int32, error) {
	limit := int64(r.set().Account.Storage.Limit)
	if limit == 0 {
		return math.MinInt32, nil
	}
	r.used.mu.Lock()
	defer r.used.mu.Unlock()
	if now := r.now(); r.used.last == nil || now.Sub(r.used.at).Abs() >= usedFor {
		used, err := r.store.Usage(ctx)
		if err != nil {
			return 0, fmt.Errorf("retention: %w", err)
		}
		r.used.at, r.used.last = now, &used
	}
	return activityFrom(r.used.last, limit), nil
}

// activityFrom leaves whole days out, oldest first, until the rest is within the limit; the newest day stays.
func activityFrom(used *collector.Usage, limit int64) int32 {
	if limit == 0 || used.Bytes <= limit {
		return math.MinInt32
	}
	days := slices.Sorted(maps.Keys(used.Days))
	within := int64(float64(used.Episodes) * float64(limit) / float64(used.Bytes))
	left := used.Episodes
	for _, day := range days[:max(len(days)-1, 0)] {
		if left <= within {
			return day
		}
		left -= used.Days[day]
	}
	if len(days) == 0 {
		return math.MinInt32
	}
	return days[len(days)-1]
}

// perDay is how many episodes a day added, over the last 30 days or since the first of them with any.
func perDay(days map[int32]int64, today int32) float64 {
	first, sum := today, int64(0)
	for day, n := range days {
		if day >= today-growthDays && day < today {
			first, sum = min(first, day), sum+n
		}
	}
	if first == today {
		return float64(days[today])
	}
	return float64(sum) / float64(today-first)
}

// until tells in how many days so many more episodes are stored, while each adds what one does on average and retention
// takes the oldest away.
func (s *State) until(today int32, room float64) float64 {
	if room <= 0 {
		return 0
	}
	if s.PerDay == 0 {
		return Never
	}
	if s.RetentionDays == 0 {
		return room / s.PerDay
	}
	added := 0.0
	for ahead := 1; ahead <= s.RetentionDays; ahead++ {
		added += s.PerDay - float64(s.Days[KeptFrom(today+int32(ahead), s.RetentionDays)-1])
		if added >= room {
			return float64(ahead)
		}
	}
	return Never // from here on as much goes as comes
}
