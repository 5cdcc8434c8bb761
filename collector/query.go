package collector

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// Owner is whose an episode is in the store: a login (by LoginKey) on a device.
type Owner struct{ Device, LoginKey string }

// Query is what a report asks of the episode store. An owner that Owners does not name does not exist for it: the
// viewer's scope and the question's group, person and device are settled before, in collector/report.
type Query struct {
	// FromDay and ToDay are counted in days since 1970-01-01, both included.
	FromDay, ToDay int32
	// Zone the days are of; nil: each device's own, by the offset in an episode's start.
	Zone *time.Location
	// Owners says whose episodes count, and for whom.
	Owners map[Owner]Share
	// People that the shares are of, by index.
	People []Person
	// Classify gives the class of each subject; nil: undefined, without a category.
	Classify Classifier
	// Open are the episodes going on; those of Owners are counted in.
	Open []OpenRow
	Only Only
}

// Share is whom an owner's time counts for.
type Share struct {
	// Person is an index of Query.People.
	Person int
	// Variant of the classification that holds for the owner, an index of what a Classifier gives.
	Variant int
}

// Only narrows what is counted, after overlaps were settled; empty fields narrow nothing. Category "-" means none.
type Only struct {
	State     episode.State
	Status    string
	Category  string
	App, Site string
}

// Subject is what time was spent on, as far as classification goes.
type Subject struct{ App, Bundle, Site, URL string }

// Class is what a subject counts as.
type Class struct {
	Status   Status
	Category string
	// Ignored keeps it out of all reports but the activity log.
	Ignored bool
}

// Classifier gives a subject's class in each variant; one class alone holds in all of them.
type Classifier func(Subject) []Class

// Status of an application or site.
type Status uint8

// The statuses.
const (
	Undefined Status = iota
	Productive
	Unproductive
)

// String gives the status's word.
func (s Status) String() string {
	switch s {
	case Productive:
		return "productive"
	case Unproductive:
		return "unproductive"
	}
	return "undefined"
}

// Times are lengths by status and state: Times[Productive][Active].
type Times [3][2]time.Duration

// Indices of Times.
const (
	Active = iota
	Passive
)

// Add adds another's lengths.
func (t *Times) Add(other *Times) {
	for status := range t {
		for state := range t[status] {
			t[status][state] += other[status][state]
		}
	}
}

// Active and passive time of all statuses together.
func (t *Times) Active() time.Duration  { return t[0][Active] + t[1][Active] + t[2][Active] }
func (t *Times) Passive() time.Duration { return t[0][Passive] + t[1][Passive] + t[2][Passive] }

// Total is active + passive.
func (t *Times) Total() time.Duration { return t.Active() + t.Passive() }

// PersonDay is what one person's day adds up to. Time on several devices at once is counted once: active beats
// passive, then the newest wins.
type PersonDay struct {
	// Person is an index of Query.People.
	Person int
	Day    int32
	Times  Times
	// FirstAt and LastAt bound the active time, with the offset of the device; zero where there is none.
	FirstAt, LastAt time.Time
	// Locked is time locked and nothing else.
	Locked time.Duration
	// Gaps over 5 minutes between the counted episodes, in order, and where the last of those ends; told where
	// Want.Gaps is set.
	Gaps      []Gap
	CountedTo time.Time
}

// Gap is a time without counted time, told with the offsets of the episodes before and after it.
type Gap struct{ From, To time.Time }

// Names are what an application is called beside its name: its product and, on a Mac, its bundle identifier.
type Names struct{ Product, Bundle string }

// Compare orders names.
func (n Names) Compare(other Names) int {
	return cmp.Or(strings.Compare(n.Product, other.Product), strings.Compare(n.Bundle, other.Bundle))
}

// SubjectSum is the time spent on one application and site as one class.
type SubjectSum struct {
	App, Site string
	Names
	Class           Class
	Active, Passive time.Duration
	// People who spent it: a set of indices of Query.People, 64 in a word.
	People []uint64
}

// Want says what a sum is to tell; what is not wanted costs nothing.
type Want struct{ Days, Gaps, Subjects bool }

// Sums answers a Query.
type Sums struct {
	// Days in no order; none without counted or locked time.
	Days []PersonDay
	// Subjects in no order.
	Subjects []SubjectSum
}

// GroupSum is what a group's owners add up to.
type GroupSum struct {
	Times Times
	// People with counted time, and those with time of each status.
	People   int
	ByStatus [3]int
}

// TitleSum is the time spent under one title.
type TitleSum struct {
	Title           string
	Active, Passive time.Duration
	People          int
}

// Piece is a stretch of a person's time after overlaps were settled: none of one person overlap.
type Piece struct {
	Person    int
	Start     time.Time
	For       time.Duration
	State     episode.State
	App, Site string
	Class     Class
}

// Page is a part of the episodes of a query.
type Page struct {
	// Search is what title, address, application, product, bundle or site contain, without case.
	Search      string
	NewestFirst bool
	// After is what the page before gave; empty: from the first.
	After string
	// Limit of rows; 0: all.
	Limit int
}

// Questions is how reports ask the episode store. A conformance test (collector/storetest) holds for every engine.
type Questions interface {
	// Owners lists every owner with an episode stored.
	Owners(ctx context.Context) ([]Owner, error)
	Sum(ctx context.Context, q *Query, want Want) (Sums, error)
	// SumGroups sums each group as if the query had that group's owners alone, in one pass.
	SumGroups(ctx context.Context, q *Query, groups []map[Owner]bool) ([]GroupSum, error)
	// Titles gives those with most time first, at most limit.
	Titles(ctx context.Context, q *Query, limit int) ([]TitleSum, error)
	// Pieces gives a person's settled time in order: for a few person-days.
	Pieces(ctx context.Context, q *Query) ([]Piece, error)
	// Episodes calls yield with chunks of single episodes, ignored ones too, in order of start. Person is the id;
	// PersonName, DeviceName are left empty. next is where the next page begins; empty after the last.
	Episodes(ctx context.Context, q *Query, page Page, yield func([]*adminv1.ActivityRow) error) (next string, err error)
}

// Upkeep is how the episode store is kept small, true and private.
type Upkeep interface {
	// Delete removes episodes that started before a time, of a login (key), a device, or a login on a device; one of
	// both is given.
	Delete(ctx context.Context, device, loginKey string, before time.Time) (int64, error)
	// DropDays removes every episode whose local day of start is before a day.
	DropDays(ctx context.Context, before int32) (int64, error)
	// Strip clears titles or addresses (with the site where addresses) of episodes whose day is before a day.
	Strip(ctx context.Context, before int32, titles, addresses bool) (int64, error)
	// Rewrite writes the file anew: what was deleted leaves no byte in it. Reports and ingest wait for the exchange only.
	Rewrite(ctx context.Context) error
	Usage(ctx context.Context) (Usage, error)
}

// Usage is how much is stored of what.
type Usage struct {
	Episodes, Bytes int64
	// Days and Owners: episodes of each.
	Days   map[int32]int64
	Owners map[Owner]int64
}
