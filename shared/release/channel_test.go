package release

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/token"
)

func TestAChannelIsReadBack(t *testing.T) {
	c := channel()
	c.Withdrawn = []string{"1.3.0", "1.2.1", "1.3.0"}
	read, err := ParseChannel(encoded(t, c))
	if diff := cmp.Diff(channel(), read); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestWhatAChannelAllows(t *testing.T) {
	for version, want := range map[string][2]error{ // on Linux, on Windows
		"1.1.9": {ErrBelowFloor, nil}, "1.2.0-rc.1": {ErrBelowFloor, nil}, "1.2.0": {}, "1.2.1": {ErrWithdrawn, ErrWithdrawn},
		"1.3.0-rc.1": {}, "1.3.0": {ErrWithdrawn, ErrWithdrawn}, "1.3.1": {}, "2.0.0": {},
	} {
		v, err := ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		for i, system := range []string{Linux, Windows} {
			if err := channel().Allows(system, v); !errors.Is(err, want[i]) {
				t.Errorf("%s on %s: %v", version, system, err)
			}
		}
		if err := channel().Allows(MacOS, v); err != nil && !errors.Is(err, ErrWithdrawn) {
			t.Errorf("%s on a system that the channel does not name: %v", version, err)
		}
	}
}

func TestAChannelExpiresAndIsFollowed(t *testing.T) {
	c := channel()
	for after, want := range map[time.Duration]bool{0: false, ChannelLasts - 1: false, ChannelLasts: true, 2 * ChannelLasts: true} {
		if c.Expired(c.IssuedAt.Add(after)) != want {
			t.Errorf("%s after it was issued: %t", after, !want)
		}
	}
	for version, want := range map[int]bool{6: false, 7: false, 8: true} {
		other := channel()
		other.Version = version
		if err := other.Follows(c); (err == nil) != want {
			t.Errorf("%d after 7: %v", version, err)
		}
	}
}

// A key that was stolen does not use up the versions: those of later keys follow.
func TestKeysIssueSoManyVersionsOfAChannel(t *testing.T) {
	for version, want := range map[int]bool{1: true, 2*ChannelsOfKeys - 1: true, 2 * ChannelsOfKeys: false, 1 << 62: false} {
		c := channel()
		c.Version = version
		text := encoded(t, c)
		signatures := signedBy(t, token.ChannelStatement(text), "a")
		if _, err := trusting(2, "a").VerifyChannel(text, signatures); (err == nil) != want {
			t.Errorf("%d: %v", version, err)
		} else if err == nil && trusting(3, "b").FirstChannel() <= version {
			t.Errorf("%d is not followed by those of the next keys", version)
		}
	}
	if first := trusting(1, "a").FirstChannel(); first != 1 {
		t.Errorf("it begins with %d", first)
	}
}

func TestAChannelThatIsNoneIsRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Channel){
		"product: ":                                func(c *Channel) { c.Product = "dayline" },
		"version: 0":                               func(c *Channel) { c.Version = 0 },
		"issued: ":                                 func(c *Channel) { c.IssuedAt = time.Time{}; c.ExpiresAt = time.Time{}.Add(time.Hour) },
		"expires: that is 0s":                      func(c *Channel) { c.ExpiresAt = c.IssuedAt },
		"expires: that is 2160h0":                  func(c *Channel) { c.ExpiresAt = c.ExpiresAt.Add(1) },
		"systems: there is none":                   func(c *Channel) { c.Systems = nil },
		"systems: there is no \"":                  func(c *Channel) { c.Systems["beos"] = Aim{Newest: "1.0.0"} },
		"systems.macos.newest: v":                  func(c *Channel) { c.Systems[MacOS] = Aim{Floor: "1.0.0"} },
		"systems.macos.floor: ve":                  func(c *Channel) { c.Systems[MacOS] = Aim{Newest: "1.0.0", Floor: "1"} },
		"systems.macos.newest: 1.0.0: it is below": func(c *Channel) { c.Systems[MacOS] = Aim{Newest: "1.0.0", Floor: "1.0.1"} },
		"systems.macos.newest: 1.3.0: it was with": func(c *Channel) { c.Systems[MacOS] = Aim{Newest: "1.3.0"} },
		"withdrawn[0]: ":                           func(c *Channel) { c.Withdrawn = []string{"-"} },
		"withdrawn: 1025": func(c *Channel) {
			c.Withdrawn = nil
			for i := range MaxWithdrawn + 1 {
				c.Withdrawn = append(c.Withdrawn, fmt.Sprintf("1.0.%d", i))
			}
		},
	} {
		c := channel()
		spoil(&c)
		if _, err := ParseChannel(encoded(t, c)); err == nil || !strings.HasPrefix(err.Error(), ChannelName+": "+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, text := range []string{"", "{", "[]", "null", "{} {}", strings.Repeat(" ", MaxChannelBytes+1)} {
		if _, err := ParseChannel([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), ChannelName+": ") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
