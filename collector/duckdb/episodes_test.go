package duckdb

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/storetest"
)

func TestEpisodesConformance(t *testing.T) {
	storetest.RunEpisodes(t, func(t *testing.T) storetest.QuestionStore { return open(t, t.TempDir()) })
}

func TestKeeperKeepsTheFirst(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{1, 100, 10_000, 40_000} {
		var all []logRow
		kept := &keeper{limit: limit}
		for n := range 30_000 {
			row := logRow{place: place{turned: random.Int64N(5000), sequence: int16(n), segment: int32(n >> 10)}}
			all = append(all, row)
			kept.add(row)
		}
		slices.SortFunc(all, func(a, b logRow) int { return a.compare(b.place) })
		if got := kept.sorted(); !slices.Equal(got, all[:min(limit, len(all))]) {
			t.Errorf("limit %d: %d rows, not the first", limit, len(got))
		}
	}
}

func TestWindowsHoldEverySegmentThatReachesIn(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, newestFirst := range []bool{false, true} {
		l := &episodeLog{newestFirst: newestFirst}
		for id := range int32(400) {
			offset := int64(random.IntN(26)-12) * 3_600_000
			l.ordered = append(l.ordered, &logSegment{id: id, midnight: random.Int64N(20)*dayMillis - offset})
		}
		slices.SortFunc(l.ordered, func(a, b *logSegment) int { return int(l.begin(a) - l.begin(b)) })
		windows, at := 0, beforeAll.turned
		for ; at != math.MaxInt64; windows++ {
			w := l.windowFrom(at, 30)
			if w.from != at || w.to <= at {
				t.Fatalf("from %d to %d after %d", w.from, w.to, at)
			}
			for _, seg := range l.ordered {
				reaches := l.begin(seg) < w.to && l.begin(seg)+dayMillis > w.from
				if reaches != slices.Contains(w.segments, seg) {
					t.Fatalf("segment that begins at %d in the window from %d to %d: %v", l.begin(seg), w.from, w.to, !reaches)
				}
			}
			at = w.to
		}
		if windows < 5 {
			t.Errorf("%d windows", windows)
		}
	}
}

func TestConditionsLetEachSegmentThroughOnce(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var segments []*logSegment
	for id := range int32(20_000) {
		if id < 6000 || id > 15_000 && random.IntN(200) == 0 {
			segments = append(segments, &logSegment{id: id})
		}
	}
	through := map[int]int{}
	number := regexp.MustCompile(`\d+`)
	for _, condition := range conditionsOf(segments) {
		var numbers []int
		for _, text := range number.FindAllString(condition, -1) {
			n, _ := strconv.Atoi(text)
			numbers = append(numbers, n)
		}
		if strings.Contains(condition, "BETWEEN") {
			if numbers[1]-numbers[0] >= sliceSegments {
				t.Errorf("a range too long: %s", condition)
			}
			for n := numbers[0]; n <= numbers[1]; n++ {
				through[n]++
			}
			continue
		}
		for _, n := range numbers {
			through[n]++
		}
	}
	for _, seg := range segments {
		if through[int(seg.id)] != 1 {
			t.Errorf("segment %d is let through %d times", seg.id, through[int(seg.id)])
		}
	}
}
