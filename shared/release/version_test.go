package release

import (
	"slices"
	"strings"
	"testing"
)

// The order is semver.org's, which tells which of two releases is newer.
func TestFileVersionsRise(t *testing.T) {
	var last [4]uint16
	for _, text := range []string{
		"0.1.0-alpha", "0.1.0-alpha.0", "0.1.0-alpha.9998", "0.1.0-beta", "0.1.0-beta.2", "0.1.0-beta.11", "0.1.0-dev", "0.1.0-dev.1",
		"0.1.0-rc", "0.1.0-rc.0", "0.1.0-rc.1", "0.1.0-rc.10", "0.1.0-rc.9998", "0.1.0", "0.1.1-alpha", "0.1.1", "0.2.0-dev", "0.2.0",
		"0.10.0", "1.0.0-rc.1", "1.0.0", "255.255.65534",
	} {
		v, err := ParseVersion(text)
		if err != nil {
			t.Fatal(err)
		}
		file := v.File()
		if slices.Compare(file[:], last[:]) <= 0 {
			t.Errorf("%s has %v, no more than %v before it", text, file, last)
		}
		if v.String() != text || !strings.HasPrefix(text, v.Product()) {
			t.Errorf("%s became %s, %s", text, v, v.Product())
		}
		last = file
	}
}

func TestAVersionThatWindowsCannotOrderIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-rc.", "1.2.3-rc.01", "1.2.3-rc1", "1.2.3-nightly", "1.2.3-rc.1.2",
		"1.2.3+build", "256.0.0", "0.256.0", "0.0.65535", "0.0.99999999999999999999", "1.2.3-rc.9999", "1.2.3\n", "1.2.3'",
	} {
		if v, err := ParseVersion(text); err == nil {
			t.Errorf("%q was taken as %v", text, v.File())
		}
	}
}
