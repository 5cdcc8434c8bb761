package link

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var verbs = regexp.MustCompile(`%.`)

func TestEveryLanguageSaysEverything(t *testing.T) {
	keys := slices.Sorted(maps.Keys(texts["en"]))
	if other := slices.Sorted(maps.Keys(texts["de"])); !slices.Equal(keys, other) {
		t.Errorf("en has %q, de %q", keys, other)
	}
	for _, key := range keys {
		if en, de := verbs.FindAllString(texts["en"][key], -1), verbs.FindAllString(texts["de"][key], -1); !slices.Equal(en, de) {
			t.Errorf("%s takes %q and %q", key, en, de)
		}
	}
	for _, said := range regexp.MustCompile(`\.Say "(\w+)"`).FindAllStringSubmatch(pageText, -1) {
		if !slices.Contains(keys, said[1]) {
			t.Errorf("the page says %q, and nobody knows how", said[1])
		}
	}
	for _, told := range []string{Expired, Revoked, UsedUp, PowerShell, Sh} {
		if !slices.Contains(keys, told) {
			t.Errorf("nobody says %s", told)
		}
	}
}

func TestLanguageOfARequest(t *testing.T) {
	for accepted, want := range map[string]string{
		"": "en", "de": "de", "DE-at": "de", "fr-FR, fr;q=0.9, de;q=0.8, en;q=0.7": "de", "en-GB,de": "en", ";;,,": "en", strings.Repeat(",", 9000): "en",
	} {
		r := &http.Request{Header: http.Header{"Accept-Language": {accepted}}}
		if got := languageOf(r); got != want {
			t.Errorf("%.40q: %s", accepted, got)
		}
	}
}

func TestTimeLeftIsNeverMoreThanThereIs(t *testing.T) {
	for minutes, want := range map[int]string{
		72 * 60: "another 3 days 0 h", 49 * 60: "another 2 days 1 h", 48*60 - 1: "another 47 h 59 min", 119: "another 119 min", 1: "another 1 min", 0: "another 0 min",
	} {
		if got := wordsOf("en").left(time.Duration(minutes) * time.Minute); got != want {
			t.Errorf("%d min: %s", minutes, got)
		}
	}
	if got := wordsOf("de").megabytes(4_321_000); got != "4,3\u00a0MB" {
		t.Error(got)
	}
}
