package release

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Version is a semantic version (https://semver.org) of the kind Dayline releases: MAJOR.MINOR.PATCH, or one of its
// pre-releases MAJOR.MINOR.PATCH-STAGE or -STAGE.N with a stage of alpha, beta, dev or rc and N up to 9,998.
type Version struct {
	text  string
	parts [4]uint16
}

// stages in the order of semver.org: of text, the alphabet's. A release comes after all of them.
var stages = map[string]uint16{"alpha": 10_000, "beta": 20_000, "dev": 30_000, "rc": 40_000, "": 50_000}

var versionForm = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-(alpha|beta|dev|rc)(?:\.(0|[1-9]\d*))?)?$`)

// The most Windows Installer takes of the first three (https://learn.microsoft.com/windows/win32/msi/productversion),
// save one, for NextProduct; and a stage of its number.
var most = [4]uint64{255, 255, 65_534, 9_998}

// ParseVersion refuses what Windows could not put in order.
func ParseVersion(text string) (Version, error) {
	form := versionForm.FindStringSubmatch(text)
	if form == nil {
		return Version{}, fmt.Errorf("version %q is none of 1.2.3, 1.2.3-rc or 1.2.3-rc.4 (also alpha, beta, dev)", text)
	}
	v := Version{text: text}
	for i, digits := range []string{form[1], form[2], form[3], form[5]} {
		if digits == "" {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || n > most[i] {
			return Version{}, fmt.Errorf("version %q: %s is more than %d, the most Windows can order there", text, digits, most[i])
		}
		v.parts[i] = uint16(n)
		if i == 3 {
			v.parts[i]++ // semver.org: rc comes before rc.0
		}
	}
	v.parts[3] += stages[form[4]]
	return v, nil
}

// String gives the semantic version.
func (v Version) String() string { return v.text }

// Compare is negative where v is older than other, positive where it is newer, 0 where they are the same.
func (v Version) Compare(other Version) int { return slices.Compare(v.parts[:], other.parts[:]) }

// File gives the four numbers of the executable's version, which rise whenever the semantic version does: of its fourth,
// alpha begins at 10000, beta at 20000, dev at 30000, rc at 40000, where N adds N+1, and a release is 50000.
func (v Version) File() [4]uint16 { return v.parts }

// FileText gives File as Windows writes it: 1.2.3.50000.
func (v Version) FileText() string {
	return fmt.Sprintf("%d.%d.%d.%d", v.parts[0], v.parts[1], v.parts[2], v.parts[3])
}

// Product gives the three numbers that Windows Installer compares: 1.2.3. Pre-releases of one release have the same.
func (v Version) Product() string {
	return fmt.Sprintf("%d.%d.%d", v.parts[0], v.parts[1], v.parts[2])
}

// NextProduct gives the least three numbers above those of Product.
func (v Version) NextProduct() string {
	return fmt.Sprintf("%d.%d.%d", v.parts[0], v.parts[1], v.parts[2]+1)
}
