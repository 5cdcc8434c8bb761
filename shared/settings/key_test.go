package settings_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/settings"
)

// with gives the default account with a value at a dotted key, as a file would say it.
func with(key string, value any) (*settings.Account, error) {
	parts := strings.Split(key, ".")
	for i := len(parts) - 1; i >= 0; i-- {
		value = map[string]any{parts[i]: value}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	account := settings.Default()
	return account, json.Unmarshal(text, account)
}

// faulty tells what is wrong with a value.
func faulty(key string, value any) string {
	account, err := with(key, value)
	if err != nil {
		return err.Error()
	}
	for _, fault := range account.Check() {
		return fault.Error()
	}
	return ""
}

// outside are the values next to a key's ends, below and above; nil where there is none.
func outside(k settings.Key) (below, above any) {
	step := int64(1)
	if k.Step > 0 {
		step = int64(k.Step)
	}
	value := func(n int64) any {
		switch k.Kind {
		case settings.LengthKind:
			return settings.Length(episode.Duration(n))
		case settings.SizeKind:
			return settings.Bytes(n).String()
		case settings.WordsKind:
			return many(int(n))
		}
		return n
	}
	if k.Kind != settings.WordsKind && (k.Min > 0 || k.Kind == settings.NumberKind) {
		below = value(k.Min - step)
	}
	if k.Max < math.MaxInt64 {
		above = value(k.Max + step)
	}
	return below, above
}

func many(n int) []string {
	words := make([]string, n)
	for i := range words {
		words[i] = fmt.Sprint("word", i)
	}
	return words
}

// TestBoundsAreHeld: what is told of a key is what the checks do: its ends and words may stand there, and what is next to
// them, or another word, may not.
func TestBoundsAreHeld(t *testing.T) {
	for _, k := range settings.Keys() {
		low, high := k.Ends()
		switch k.Kind {
		case settings.LengthKind, settings.SizeKind, settings.NumberKind, settings.WordsKind:
			if low == "" {
				t.Errorf("%s has no bounds", k.Path)
			}
		}
		for _, end := range []string{low, high} {
			var value any = end
			switch {
			case end == "":
				continue
			case k.Kind == settings.NumberKind:
				value = json.Number(end)
			case k.Kind == settings.WordsKind:
				var n int
				if _, err := fmt.Sscan(end, &n); err != nil {
					t.Fatal(err)
				}
				value = many(n)
			}
			if fault := faulty(k.Path, value); fault != "" {
				t.Errorf("an end that is told is refused: %s", fault)
			}
		}
		if low != "" {
			below, above := outside(k)
			for _, value := range []any{below, above} {
				if value != nil && faulty(k.Path, value) == "" {
					t.Errorf("%s: %.60v is outside %s–%s, and may stand there", k.Path, value, low, high)
				}
			}
		}
		if step := k.StepText(); step != "" && faulty(k.Path, settings.Length(episode.Duration(k.Max-int64(time.Second)))) == "" {
			t.Errorf("%s: what is no multiple of %s may stand there", k.Path, step)
		}
		for _, word := range k.Words {
			if fault := faulty(k.Path, word); fault != "" {
				t.Errorf("a word that is told is refused: %s", fault)
			}
		}
		if k.Kind != settings.SwitchKind && k.Kind != settings.ZoneKind && faulty(k.Path, "whatever") == "" {
			t.Errorf("%s: any word may stand there", k.Path)
		}
		if k.Kind == settings.LengthKind && len(k.Words) == 0 && faulty(k.Path, "indefinitely") == "" {
			t.Errorf("%s: indefinitely may stand there, and is not told", k.Path)
		}
	}
}

// The time engine has a check of its own for what it reads; both say the same.
func TestEngineHoldsTheSameBounds(t *testing.T) {
	checked := 0
	for _, k := range settings.Keys() {
		low, high := k.Ends()
		below, above := outside(k)
		for _, value := range []any{low, high, below, above, "indefinitely", "90s"} {
			account, err := with(k.Path, value)
			if err != nil || k.Kind != settings.LengthKind || value == nil {
				continue
			}
			engine := episode.Settings{
				Passive: episode.PassiveSettings{Start: *account.Passive.Start, Stop: *account.Passive.Stop},
				Active:  episode.ActiveSettings{Limit: *account.Active.Limit}, Settle: *account.Settle,
			}
			if !strings.HasPrefix(k.Path, "passive.") && !strings.HasPrefix(k.Path, "active.") && k.Path != "settle" {
				continue
			}
			if one, other := engine.CheckRanges(), account.Check(); (one == nil) != (len(other) == 0) {
				t.Errorf("%s: %v: the engine says %v, the settings %v", k.Path, value, one, other)
			}
			checked++
		}
	}
	if checked < 4*5 {
		t.Errorf("%d values were compared", checked)
	}
}
