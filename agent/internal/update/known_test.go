package update

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// learnt asks the collector anew, as it does each day.
func (s *shop) learnt() State {
	s.news.askedAt = time.Time{}
	s.learn(s.t.Context(), newsEvery)
	return s.State()
}

// reopened is what the next start of the service knows.
func (s *shop) reopened(built release.Trusted) *known {
	s.t.Helper()
	k, err := openKnown(s.folder, built)
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

func TestNoOlderChannelComesBack(t *testing.T) {
	s := openShop(t)
	s.open()
	s.channel(7, func(c *release.Channel) { c.Withdrawn = []string{"1.3.9"} })
	if state := s.learnt(); state.Channel != 7 || state.Problem != "" {
		t.Fatalf("%+v", state)
	}
	s.channel(6, func(*release.Channel) {})
	want := "channel.json: version 6 is older than 7, which this device has seen"
	if state := s.learnt(); state.Channel != 7 || state.Problem != want {
		t.Errorf("%+v", state)
	}
	s.channel(7, func(*release.Channel) {})
	if state := s.learnt(); state.Channel != 7 || state.Problem != "channel.json: there are two of version 7" || s.news.channel.Withdrawn == nil {
		t.Errorf("%+v", state)
	}
	// What is known counts on, also after the next start, and where its text was lost only its version does.
	if k := s.reopened(s.trusted(1)); k.channel.Version != 7 || k.seen != 7 || k.channel.Withdrawn == nil {
		t.Errorf("%+v", k)
	}
	for _, broken := range []func(name string) error{
		func(name string) error { return os.WriteFile(name, []byte("{}"), 0o600) }, os.Remove,
	} {
		if err := broken(filepath.Join(s.folder, channelName(7))); err != nil {
			t.Fatal(err)
		}
		if k := s.reopened(s.trusted(1)); k.channel.Version != 0 || k.seen != 7 {
			t.Errorf("%+v", k)
		}
	}
	s.news.known = s.reopened(s.trusted(1))
	s.channel(6, func(*release.Channel) {})
	if state := s.learnt(); state.Channel != 0 || !strings.Contains(state.Problem, want) || !strings.HasPrefix(state.Problem, "nothing is installed") {
		t.Errorf("%+v", state)
	}
	s.channel(7, func(*release.Channel) {})
	if state := s.learnt(); state.Channel != 7 || state.Problem != "" {
		t.Errorf("%+v", state)
	}
}

// An update by a channel that is known goes on while a collector hands out an older one.
func TestAReplayHoldsUpNothing(t *testing.T) {
	s := openShop(t)
	s.open()
	s.learnt()
	s.channel(4, func(*release.Channel) {})
	s.news.askedAt = time.Time{}
	if state := s.ask("1.4.0"); !strings.Contains(state.Problem, "version 4 is older than 5") || !strings.Contains(state.Words(time.Now()), "version 4 is older than 5") {
		t.Errorf("%+v", state)
	}
	s.handedOver()
}

func TestAChannelMayBeRenewedWhileItIsFetched(t *testing.T) {
	s := openShop(t)
	s.open()
	renewed := false
	s.serve = func(_ http.ResponseWriter, r *http.Request) bool {
		if !renewed && r.URL.Path == release.Path+release.ChannelName {
			renewed = true
			s.channel(6, func(*release.Channel) {})
		}
		return false
	}
	if state := s.learnt(); state.Channel != 6 || state.Problem != "" {
		t.Errorf("%+v", state)
	}
}

func TestAChannelThatExpiresIsToldOf(t *testing.T) {
	s := openShop(t)
	s.open()
	s.learnt()
	s.now = s.now.Add(25 * time.Hour)
	s.step(t.Context())
	state := s.State()
	want := "nothing is installed: the channel expired on " + day(state.ChannelExpiresAt) + ", and the collector has no newer one"
	if state.Problem != want || !strings.Contains(state.Words(s.now), want) {
		t.Errorf("%+v", state)
	}
	if state := s.ask("1.4.0"); state.Waits != want {
		t.Errorf("%+v", state)
	}
	s.nothing()
}

// A collector that asks for nothing is seen through: the channel is asked for without it.
func TestWhatIsOutIsToldWithoutAnOrder(t *testing.T) {
	s := openShop(t)
	s.open()
	s.Order(nil)
	s.step(t.Context())
	if said := s.State().Words(time.Now()); said != "on; 1.4.0 is out, and the collector has not asked for it" {
		t.Error(said)
	}
	asked := s.news.askedAt
	s.step(t.Context())
	if !s.news.askedAt.Equal(asked) {
		t.Error("it asked again at once")
	}
	s.news.askedAt = asked.Add(-newsEvery)
	s.step(t.Context())
	if s.news.askedAt.Equal(asked.Add(-newsEvery)) {
		t.Error("it did not ask the next day")
	}
}

func TestKeysFollowBySignature(t *testing.T) {
	s := openShop(t)
	s.open()
	s.learnt()
	first, second := s.signer, newSigner(t)
	keys := func(version int, of, by signer) {
		text, err := of.trusted(version).Encode()
		if err != nil {
			t.Fatal(err)
		}
		s.signer = by
		s.put(release.TrustedName(version), text, token.TrustedStatement)
	}
	keys(2, second, newSigner(t))
	if state := s.learnt(); !strings.Contains(state.Problem, "trusted keys: no trusted key signed it") || s.news.keys.Version != 1 {
		t.Errorf("%+v", state)
	}
	keys(2, second, first)
	keys(3, second, second)
	s.signer = second
	s.channel(2_000_001, func(*release.Channel) {})
	s.release("1.4.0", func(*release.Manifest) {})
	if state := s.learnt(); state.Problem != "" || state.Channel != 2_000_001 || s.news.keys.Version != 3 {
		t.Errorf("%+v", state)
	}
	// The first key counts no longer, not after the next start either, and not for a build that begins with a later version.
	for _, built := range []release.Trusted{first.trusted(1), second.trusted(2), second.trusted(3)} {
		if k := s.reopened(built); k.keys.Version != 3 || k.keys.IDs()[0] != second.trusted(1).IDs()[0] || k.channel.Version != 2_000_001 {
			t.Errorf("built with %d: %+v", built.Version, k)
		}
	}
	s.ask("1.4.0")
	s.handedOver()
	s.signer = first
	s.channel(2_000_002, func(*release.Channel) {})
	if state := s.learnt(); !strings.Contains(state.Problem, "no trusted key signed it") {
		t.Errorf("%+v", state)
	}
}

// A manifest that was read before newer keys came counts by those.
func TestAReplacedKeyMakesNothingMore(t *testing.T) {
	s := openShop(t)
	looks := 0
	s.power = func() power { looks++; return power{battery: looks > 1} }
	if state := s.ask("1.4.0"); state.Step != Stage {
		t.Fatalf("%+v", state)
	}
	second := newSigner(t)
	text, err := second.trusted(2).Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.put(release.TrustedName(2), text, token.TrustedStatement)
	s.signer = second
	s.channel(6, func(*release.Channel) {})
	s.news.askedAt, s.power = time.Time{}, func() power { return power{percent: 100} }
	if state := s.again(); !strings.Contains(state.Waits, "no trusted key signed it") || len(s.host.watched) > 0 {
		t.Errorf("%+v", state)
	}
}

// Keys that no longer vouch for a channel leave its version behind: an older one of a key that was kept does not come back.
func TestANewKeyDoesNotForgetTheHighestChannel(t *testing.T) {
	s := openShop(t)
	s.open()
	s.learnt()
	kept := newSigner(t)
	k := s.reopened(kept.trusted(2))
	if k.channel.Version != 0 || k.seen != 5 {
		t.Fatalf("%+v", k)
	}
	s.signer, s.news.known = kept, k
	s.channel(4, func(*release.Channel) {})
	if state := s.learnt(); !strings.Contains(state.Problem, "version 4 is older than 5") {
		t.Errorf("%+v", state)
	}
}
