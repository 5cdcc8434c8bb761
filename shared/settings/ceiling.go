package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dayline-project/dayline/shared/episode"
)

// Ceiling is what the owner of a computer allows at most, whatever the account says: a root-owned file or policy on the
// device, as JSON with the keys `privacy` (titles, urls, redact) and `schedule` (weekdays or ranges to spans). Of
// ceiling and account the stricter holds, key by key.
type Ceiling struct {
	privacy  PrivacyRules
	schedule episode.Schedule
}

// ParseCeiling reads a ceiling. Unlike a settings document it is written by hand, so an unknown key is an error: a
// misspelt limit must not be taken for none.
func ParseCeiling(document []byte) (*Ceiling, error) {
	var file struct {
		Privacy struct {
			Titles *bool         `json:"titles"`
			URLs   *episode.URLs `json:"urls"`
			Redact *[]string     `json:"redact"`
		} `json:"privacy"`
		Schedule Days `json:"schedule"`
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("settings: ceiling: %w", err)
	}
	if decoder.More() {
		return nil, fmt.Errorf("settings: ceiling: there is more after the object")
	}
	ceiling := &Ceiling{privacy: PrivacyRules{Titles: file.Privacy.Titles, URLs: file.Privacy.URLs, Redact: file.Privacy.Redact}}
	var c checker
	if c.rules("", &Rules{Privacy: ceiling.privacy}); len(c.faults) > 0 {
		return nil, fmt.Errorf("settings: ceiling: %w", c.faults[0])
	}
	if file.Schedule != nil {
		schedule, err := file.Schedule.Resolve()
		if err != nil {
			return nil, fmt.Errorf("settings: ceiling: schedule: %w", err)
		}
		ceiling.schedule = schedule
	}
	return ceiling, nil
}

// limit gives the stricter of the ceiling and the rules; a nil ceiling limits nothing.
func (c *Ceiling) limit(rules episode.Settings) episode.Settings {
	if c == nil {
		return rules
	}
	if c.privacy.Titles != nil {
		rules.Privacy.Titles = rules.Privacy.Titles && *c.privacy.Titles
	}
	if c.privacy.URLs != nil {
		rules.Privacy.URLs = stricter(rules.Privacy.URLs, *c.privacy.URLs)
	}
	if c.privacy.Redact != nil {
		patterns := slices.Clone(rules.Privacy.Redact)
		for _, pattern := range *c.privacy.Redact {
			if !slices.Contains(patterns, pattern) {
				patterns = append(patterns, pattern)
			}
		}
		rules.Privacy.Redact = patterns
	}
	schedule, err := intersect(rules.Schedule, c.schedule)
	if err != nil {
		// ParseDevice has checked the spans; should that ever fail, nothing is collected.
		schedule = episode.Schedule{}
	}
	rules.Schedule = schedule
	return rules
}
