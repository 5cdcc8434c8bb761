package settings

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a size: "64MB", "3GB", "512KiB". Units of 1000 are kB, MB, GB and TB; of 1024 KiB, MiB, GiB and TiB; both
// without regard to case.
type Bytes int64

var byteUnits = []struct {
	name string
	size Bytes
}{
	{"tib", 1 << 40}, {"gib", 1 << 30}, {"mib", 1 << 20}, {"kib", 1 << 10},
	{"tb", 1e12}, {"gb", 1e9}, {"mb", 1e6}, {"kb", 1e3}, {"b", 1},
}

// ParseBytes reads a size; a unit is required.
func ParseBytes(text string) (Bytes, error) {
	lower := strings.ToLower(strings.TrimSpace(text))
	for _, unit := range byteUnits {
		number, found := strings.CutSuffix(lower, unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n < 0 || math.IsNaN(n) || n*float64(unit.size) >= math.MaxInt64 {
			break
		}
		return Bytes(n * float64(unit.size)), nil
	}
	return 0, fmt.Errorf("%q is not a size such as 64MB or 3GB", text)
}

// String gives the size in the largest unit of 1000 that divides it.
func (b Bytes) String() string {
	for _, unit := range []struct {
		name string
		size Bytes
	}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if b != 0 && b%unit.size == 0 {
			return strconv.FormatInt(int64(b/unit.size), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(b), 10) + "B"
}

// MarshalText writes the size as String does.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads what ParseBytes does.
func (b *Bytes) UnmarshalText(text []byte) error {
	parsed, err := ParseBytes(string(text))
	*b = parsed
	return err
}
