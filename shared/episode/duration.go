package episode

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// Duration is a length in settings: "2m", "90s"; Indefinitely where the rule allows it.
type Duration time.Duration

// Indefinitely is the length without end.
const Indefinitely = Duration(math.MaxInt64)

var errDuration = errors.New("want a length such as 2m, 90s or 1h30m, not negative, or indefinitely")

// ParseDuration reads "2m", "90s", "1h30m", "0s", or "indefinitely". A negative length is refused.
func ParseDuration(text string) (Duration, error) {
	if text == "indefinitely" {
		return Indefinitely, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || Duration(d) == Indefinitely {
		return 0, errDuration
	}
	return Duration(d), nil
}

// String is what ParseDuration reads, in minutes or seconds where these are whole.
func (d Duration) String() string {
	length := time.Duration(d)
	switch {
	case d == Indefinitely:
		return "indefinitely"
	case length == 0:
		return "0s"
	case length%time.Minute == 0:
		return strconv.FormatInt(int64(length/time.Minute), 10) + "m"
	case length%time.Second == 0:
		return strconv.FormatInt(int64(length/time.Second), 10) + "s"
	}
	return length.String()
}

// MarshalText is String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDuration.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
