package uplink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/agent/internal/enroll"
	"github.com/dayline-project/dayline/agent/internal/uplink"
	"github.com/dayline-project/dayline/agent/internal/uplink/uplinktest"
	"github.com/dayline-project/dayline/shared/episode"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

var (
	anna  = stream.Login{Account: "anna", Name: `PC\anna`}
	begin = time.Now().Add(-time.Hour).Truncate(time.Second)
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
)

// device is an enrolled one whose buffer is filled by hand.
type device struct {
	t       testing.TB
	folder  string
	buffer  *buffer.Buffer
	uplink  *uplink.Uplink
	applied []string
	number  uint64
	scene   uplink.Scene
	direct  []*agentv1.Directive
	// unfit is what is wrong with all settings.
	unfit error
}

func (d *device) Revision() string { return "" }

func (d *device) Apply(revision string, _ []byte) error {
	d.applied = append(d.applied, revision)
	return d.unfit
}

func (d *device) SyncEvery() time.Duration { return time.Hour }

func newDevice(t testing.TB, c *uplinktest.Collector) *device {
	t.Helper()
	d := &device{t: t, folder: t.TempDir(), scene: uplink.Scene{Logins: []stream.Login{anna}, Facts: &agentv1.DeviceFacts{Name: "pc"}}}
	if _, err := (enroll.Enrolment{Folder: d.folder, Token: c.Token(), Facts: d.scene.Facts, Say: func(string) {}}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.restart()
	t.Cleanup(func() { d.buffer.Close() })
	return d
}

// restart is what a new run of the service does.
func (d *device) restart() {
	d.t.Helper()
	if d.buffer != nil {
		if err := d.buffer.Close(); err != nil {
			d.t.Fatal(err)
		}
	}
	var err error
	if d.buffer, err = buffer.Open(filepath.Join(d.folder, "buffer.db"), buffer.DefaultLimits); err != nil {
		d.t.Fatal(err)
	}
	identity, err := enroll.Load(d.folder)
	if err != nil {
		d.t.Fatal(err)
	}
	trusted, err := enroll.Trusted(d.folder)
	if err != nil {
		d.t.Fatal(err)
	}
	client := uplink.NewClient(trusted, nil)
	d.t.Cleanup(client.Close)
	d.uplink = uplink.New(uplink.Config{
		Identity: identity, Trusted: trusted, Client: client, Buffer: d.buffer, Settings: d, Scene: func() uplink.Scene { return d.scene },
		Direct: func(directives []*agentv1.Directive) { d.direct = append(d.direct, directives...) }, Log: quiet,
	})
}

func (d *device) append(count int) {
	d.t.Helper()
	for range count {
		d.number++
		record := &stream.Record{Login: anna, Session: "00000000000000aa", Episode: episode.Episode{
			State: episode.Active, Start: begin.Add(time.Duration(d.number) * time.Second), For: time.Second, EndedBy: episode.ByFocus,
			Identity: episode.Identity{App: "card", Title: fmt.Sprintf("Card %d", d.number)},
		}}
		if err := d.buffer.Append("run", d.number, record, time.Now()); err != nil {
			d.t.Fatal(err)
		}
	}
}

// send syncs until nothing is buffered.
func (d *device) send() {
	d.t.Helper()
	for range 100 {
		d.uplink.Sync(d.t.Context())
		if d.buffer.Stats().Episodes == 0 {
			return
		}
	}
	d.t.Fatalf("still %d buffered: %+v", d.buffer.Stats().Episodes, d.uplink.Status())
}

// expectAll demands that each episode arrived once, in order.
func (d *device) expectAll(c *uplinktest.Collector, except ...uint64) {
	d.t.Helper()
	var want []string
	for n := uint64(1); n <= d.number; n++ {
		if !slices.Contains(except, n) {
			want = append(want, fmt.Sprintf("Card %d", n))
		}
	}
	if diff := cmp.Diff(want, c.Titles()); diff != "" {
		d.t.Errorf("arrived (-want +got):\n%s", diff)
	}
}

func TestWhatIsBufferedArrivesOnce(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(10)
	d.send()
	d.append(5)
	d.restart()
	d.append(5)
	d.send()
	d.expectAll(c)
	if status := d.uplink.Status(); !status.Connected || status.Problem != "" || status.LastUploadAt.IsZero() || status.ClockOffset.Abs() > time.Minute {
		t.Errorf("status %+v", status)
	}
}

// An answer that never came: the same batch goes again, and the collector knows it.
func TestARepeatIsHarmless(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(10)
	c.Lock()
	c.Lose = 3
	c.Unlock()
	for range 3 {
		d.uplink.Sync(t.Context())
		d.append(2)
	}
	if status := d.uplink.Status(); status.Connected || status.Problem == "" {
		t.Errorf("status %+v", status)
	}
	d.send()
	d.expectAll(c)
	for i, sync := range c.Syncs[:4] {
		if len(sync.Batch.Episodes) != 10 {
			t.Errorf("sync %d has %d episodes: a repeat has to be the same batch", i, len(sync.Batch.Episodes))
		}
	}
}

func TestACollectorStartedAnewIsSignedInTo(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(3)
	d.send()
	c.Stop()
	d.append(3)
	if wait := d.uplink.Sync(t.Context()); wait > time.Minute {
		t.Errorf("comes back after %s", wait)
	}
	c.Listen(c.Authority.Leaf(t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	c.Restart()
	d.send()
	d.expectAll(c)
}

func TestARestoredCollectorLeavesAGap(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(10)
	d.send()
	c.Restore(4)
	d.append(3)
	d.send()
	d.expectAll(c, 5, 6, 7, 8, 9, 10)
}

// A buffer copied back (a reverted virtual machine) goes on with the old stream: the digest tells, and everything
// unsent goes as a new stream.
func TestAForkIsSentAsANewStream(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(5)
	c.Lock()
	c.Answer = func(request *agentv1.SyncRequest, answer *agentv1.SyncResponse) error {
		answer.Fork = len(c.Syncs) == 1
		return nil
	}
	c.Unlock()
	d.send()
	d.append(5)
	d.send()
	d.expectAll(c)
	if first, second := c.Syncs[0].Batch, c.Syncs[1].Batch; string(first.Stream) == string(second.Stream) || second.FirstSequence != 1 {
		t.Errorf("after a fork: stream %x from %d", second.Stream, second.FirstSequence)
	}
}

func TestOneBadEpisodeHoldsNothingBack(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(10)
	c.Lock()
	c.Answer = func(request *agentv1.SyncRequest, answer *agentv1.SyncResponse) error {
		if batch := request.Batch; batch != nil && batch.FirstSequence <= 4 {
			answer.Refusals = []*agentv1.Refusal{{Sequence: 4, Field: "title", Reason: "not liked"}}
		}
		return nil
	}
	c.Unlock()
	d.send()
	d.expectAll(c, 4)
	if kept, err := d.buffer.Quarantined(); err != nil || len(kept) != 1 || kept[0].Reason != "not liked" {
		t.Errorf("quarantine %+v, %v", kept, err)
	}
}

func TestABatchTooLargeIsHalvedDownToTheOneThatIs(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(20)
	c.Lock()
	c.Answer = func(request *agentv1.SyncRequest, _ *agentv1.SyncResponse) error {
		if batch := request.Batch; batch != nil {
			if slices.Contains(batch.Strings, "Card 7") {
				return uplinktest.Refusal("too_large", "batch", "too large")
			}
		}
		return nil
	}
	c.Unlock()
	d.send()
	d.expectAll(c, 7)
	if kept, err := d.buffer.Quarantined(); err != nil || len(kept) != 1 {
		t.Errorf("quarantine %+v, %v", kept, err)
	}
}

// A refusal of something else than the batch must not cost an episode.
func TestABadHealthReportDoesNotStopEpisodes(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.scene.Health = &agentv1.Health{Errors: []string{"bad"}}
	d.append(20)
	c.Lock()
	c.Answer = func(request *agentv1.SyncRequest, _ *agentv1.SyncResponse) error {
		if request.Health != nil {
			return uplinktest.Refusal("bad_request", "health.errors", "too long")
		}
		return nil
	}
	c.Unlock()
	d.send()
	d.expectAll(c)
}

// Numbers that always move would make of each contact one that has to be stored.
func TestHealthIsToldWhenMoreThanNumbersMoved(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	told := 0
	c.Lock()
	c.Answer = func(request *agentv1.SyncRequest, _ *agentv1.SyncResponse) error {
		if request.Health != nil {
			told++
		}
		return nil
	}
	c.Unlock()
	chromium := &agentv1.Capture{Subject: "chromium", Level: "full", ExtensionVersion: "1.2.0"}
	for _, step := range []struct {
		change func()
		want   int
	}{
		{func() {}, 1},
		{func() { chromium.ExtensionMs, chromium.FrontSeconds, chromium.AddressSeconds = 60_000, 90, 80 }, 1},
		{func() { chromium.ExtensionVersion = "1.3.0" }, 2},
		{func() { chromium.Level = "title_only" }, 3},
		{func() { chromium.Reason = "its extension fell silent" }, 4},
	} {
		step.change()
		d.scene.Health = &agentv1.Health{Capture: []*agentv1.Capture{proto.CloneOf(chromium)}}
		d.uplink.Sync(t.Context())
		if told != step.want {
			t.Errorf("%v: told %d times, want %d", chromium, told, step.want)
		}
	}
}

func TestARevokedDeviceKeepsItsData(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(5)
	c.Lock()
	c.Answer = func(*agentv1.SyncRequest, *agentv1.SyncResponse) error {
		return uplinktest.Refusal("revoked", "", "revoked")
	}
	c.Unlock()
	if wait := d.uplink.Sync(t.Context()); wait < 30*time.Minute {
		t.Errorf("asks again after %s", wait)
	}
	if status := d.uplink.Status(); !status.Revoked || d.buffer.Stats().Episodes != 5 {
		t.Errorf("status %+v, %d buffered", status, d.buffer.Stats().Episodes)
	}
	c.Lock()
	c.Answer = nil
	c.Unlock()
	d.send()
	d.expectAll(c)
}

func TestRetryAfterIsKeptTo(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	c.Lock()
	c.Answer = func(*agentv1.SyncRequest, *agentv1.SyncResponse) error {
		return uplinktest.Refusal("no_space", "", "disk full")
	}
	c.Unlock()
	if wait := d.uplink.Sync(t.Context()); wait < 7*time.Second || wait > 8*time.Second {
		t.Errorf("after Retry-After: 7 comes back after %s", wait)
	}
	c.Lock()
	c.Answer = func(_ *agentv1.SyncRequest, answer *agentv1.SyncResponse) error {
		answer.RetryAfterMs = 9000
		return nil
	}
	c.Unlock()
	if wait := d.uplink.Sync(t.Context()); wait != 9*time.Second {
		t.Errorf("after retry_after_ms comes back after %s", wait)
	}
}

func TestWhatTheAnswerBringsIsDone(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	d.append(4)
	if err := d.buffer.PutSpan(&agentv1.Span{Kind: buffer.SpanPause, StartMs: 1, EndMs: 2}); err != nil {
		t.Fatal(err)
	}
	c.Lock()
	c.Answer = func(_ *agentv1.SyncRequest, answer *agentv1.SyncResponse) error {
		if len(c.Syncs) == 1 {
			// The batch has to go again: its stream is another.
			answer.LastSequence = 2
			answer.Settings = &agentv1.Settings{Revision: "r-new", Document: []byte("{}")}
			answer.Tombstones = []*agentv1.Tombstone{{BeforeMs: begin.Add(3500 * time.Millisecond).UnixMilli()}}
			answer.Directives = []*agentv1.Directive{
				{Act: &agentv1.Directive_Rekey{Rekey: true}}, {Act: &agentv1.Directive_Log{Log: "debug"}}, {},
			}
		}
		return nil
	}
	c.Unlock()
	before, err := enroll.Load(d.folder)
	if err != nil {
		t.Fatal(err)
	}
	d.uplink.Sync(t.Context())
	if !slices.Equal(d.applied, []string{"r-new"}) {
		t.Errorf("settings applied: %v", d.applied)
	}
	if left := d.buffer.Stats().Episodes; left != 1 {
		t.Errorf("%d left after the tombstone and two acknowledged, want 1", left)
	}
	if spans, err := d.buffer.Spans(10); err != nil || len(spans) != 0 {
		t.Errorf("spans left: %v %v", spans, err)
	}
	if len(d.direct) != 2 {
		t.Errorf("directives passed on: %v", d.direct)
	}
	after, err := enroll.Load(d.folder)
	if err != nil || string(after.Credential().PublicKey) == string(before.Credential().PublicKey) || after.Device() != before.Device() {
		t.Errorf("the key was not replaced: %v", err)
	}
	d.restart()
	d.send()
}

func TestRunComesBackByItself(t *testing.T) {
	c := uplinktest.Start(t)
	d := newDevice(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- d.uplink.Run(ctx) }()
	wait := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); !done(); {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %+v", what, d.uplink.Status())
			}
			select {
			case <-time.After(5 * time.Millisecond):
			case err := <-ended:
				t.Fatal(err)
			}
		}
	}
	wait("first contact", func() bool { return d.uplink.Status().Connected })
	d.append(3)
	d.uplink.Soon()
	wait("asked for", func() bool { return len(c.Titles()) == 3 })
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	d.append(3)
	d.uplink.Flush(t.Context(), 4)
	d.expectAll(c)
}

// A call under way is not broken off by the end: the collector would refuse the last one beside it.
func TestTheCallUnderWayIsFinished(t *testing.T) {
	c := uplinktest.Start(t)
	under, answer := make(chan bool, 1), make(chan bool)
	c.Answer = func(*agentv1.SyncRequest, *agentv1.SyncResponse) error {
		under <- true
		<-answer
		return nil
	}
	d := newDevice(t, c)
	d.append(3)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- d.uplink.Run(ctx) }()
	<-under
	cancel()
	select {
	case <-ended:
		t.Error("it was broken off")
		close(answer)
	case <-time.After(100 * time.Millisecond):
		close(answer)
		<-ended
	}
	if left := d.buffer.Stats().Episodes; left != 0 {
		t.Errorf("%d episodes are sent again", left)
	}
}

// An answer that cannot be used is no silence: the contact stands, what was acknowledged is deleted, and a directive
// beside it is heard.
func TestAnAnswerThatCannotBeUsedIsToldAsThat(t *testing.T) {
	c := uplinktest.Start(t)
	c.Answer = func(_ *agentv1.SyncRequest, answer *agentv1.SyncResponse) error {
		answer.Settings = &agentv1.Settings{Revision: "r-1", Document: []byte("{}")}
		answer.Directives = []*agentv1.Directive{{Act: &agentv1.Directive_Log{Log: "debug"}}}
		return nil
	}
	d := newDevice(t, c)
	d.unfit = errors.New("out of range")
	d.append(3)
	d.uplink.Sync(t.Context())
	status := d.uplink.Status()
	if !status.Connected || status.LastContactAt.IsZero() || !strings.Contains(status.Problem, "could not be used") {
		t.Errorf("status %+v", status)
	}
	if left := d.buffer.Stats().Episodes; left != 0 || len(d.direct) != 1 {
		t.Errorf("%d episodes left, %d directives heard", left, len(d.direct))
	}
	d.unfit = nil
	d.uplink.Sync(t.Context())
	if status := d.uplink.Status(); status.Problem != "" {
		t.Errorf("with good settings: %+v", status)
	}
}

// The collector's time goes on from its last answer: what the device's clock is set to meanwhile has no say, so that a
// leap of years does not age what is buffered.
func TestTheCollectorsTimeGoesOnByItself(t *testing.T) {
	if at, known := (uplink.Status{}).CollectorTime(begin); known || !at.Equal(begin) {
		t.Errorf("without an answer: %s, %v", at, known)
	}
	answered := time.Now()
	s := uplink.Status{ClockKnown: true, ClockAt: answered, ClockOffset: -time.Hour}
	if at, known := s.CollectorTime(answered.Add(time.Minute)); !known || !at.Equal(answered.Add(time.Minute-time.Hour)) {
		t.Errorf("a minute later: %s, %v", at, known)
	}
}
