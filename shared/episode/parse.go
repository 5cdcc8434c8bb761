package episode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ParseSettings reads settings as JSON. What is left out has its default; unknown keys are ignored; a malformed value is
// a *SettingError. Lengths may lie outside the live ranges: see CheckRanges.
func ParseSettings(data []byte) (*Settings, error) {
	s := DefaultSettings()
	err := readKeys("", data, []key{
		{"revision", readText(&s.Revision)},
		{"passive", readObject([]key{
			{"start", readLength(&s.Passive.Start, false)},
			{"stop", readLength(&s.Passive.Stop, true)},
		})},
		{"active", readObject([]key{
			{"limit", readLength(&s.Active.Limit, true)},
		})},
		{"settle", readLength(&s.Settle, false)},
		{"always_active", readList(func(path string, raw json.RawMessage) error {
			s.AlwaysActive = append(s.AlwaysActive, "")
			return readText(&s.AlwaysActive[len(s.AlwaysActive)-1])(path, raw)
		})},
		{"privacy", readObject([]key{
			{"titles", readBool(&s.Privacy.Titles)},
			{"urls", readURLs(&s.Privacy.URLs)},
			{"redact", readRedact(&s.Privacy.Redact)},
		})},
		{"schedule", readSchedule(&s.Schedule)},
		{"do_not_track", readList(func(path string, raw json.RawMessage) error {
			s.DoNotTrack = append(s.DoNotTrack, Account{})
			account := &s.DoNotTrack[len(s.DoNotTrack)-1]
			return readKeys(path, raw, []key{{"user", readText(&account.User)}, {"domain", readText(&account.Domain)}})
		})},
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// read reads one value; the path names it in errors.
type read func(path string, raw json.RawMessage) error

type key struct {
	name string
	read read
}

// readKeys reads the named keys of a JSON object, in this order; others are ignored.
func readKeys(path string, raw json.RawMessage, keys []key) error {
	object, err := parseObject(raw)
	if err != nil {
		if path == "" {
			return fmt.Errorf("settings: %w", err)
		}
		return refuse(path, raw, err.Error())
	}
	for _, k := range keys {
		value, ok := object[k.name]
		if !ok {
			continue
		}
		name := k.name
		if path != "" {
			name = path + "." + name
		}
		if err := k.read(name, value); err != nil {
			return err
		}
	}
	return nil
}

var errNotObject = errors.New("want a JSON object")

// parseObject splits a JSON object. Names are exact, unlike encoding/json's.
func parseObject(raw []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("want text in UTF-8")
	}
	if kind(raw) != '{' {
		return nil, errNotObject
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("want a JSON object: %w", err)
	}
	return object, nil
}

// kind is the byte a JSON value begins with; 0 for none.
func kind(raw []byte) byte {
	if raw = bytes.TrimLeft(raw, " \t\r\n"); len(raw) > 0 {
		return raw[0]
	}
	return 0
}

func refuse(path string, raw json.RawMessage, want string) error {
	return &SettingError{Key: path, Value: shown(raw), Want: strings.TrimPrefix(want, "want ")}
}

// shown is a value short enough to be repeated in an error.
func shown(raw []byte) string {
	const most = 80
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil || compact.Len() > most {
		return ""
	}
	return compact.String()
}

func quoted(text string) string {
	raw, _ := json.Marshal(text)
	return shown(raw)
}

func readObject(keys []key) read {
	return func(path string, raw json.RawMessage) error { return readKeys(path, raw, keys) }
}

func readText(into *string) read {
	return func(path string, raw json.RawMessage) error {
		if kind(raw) != '"' || json.Unmarshal(raw, into) != nil {
			return refuse(path, raw, "a text")
		}
		return nil
	}
}

func readBool(into *bool) read {
	return func(path string, raw json.RawMessage) error {
		switch string(raw) {
		case "true":
			*into = true
		case "false":
			*into = false
		default:
			return refuse(path, raw, "true or false")
		}
		return nil
	}
}

func readLength(into *Duration, orIndefinitely bool) read {
	return func(path string, raw json.RawMessage) error {
		var text string
		want := "a length such as 2m, 90s or 1h30m, not negative"
		if orIndefinitely {
			want += ", or indefinitely"
		}
		if readText(&text)(path, raw) != nil {
			return refuse(path, raw, want)
		}
		length, err := ParseDuration(text)
		if err != nil || length == Indefinitely && !orIndefinitely {
			return refuse(path, raw, want)
		}
		*into = length
		return nil
	}
}

func readURLs(into *URLs) read {
	return func(path string, raw json.RawMessage) error {
		var text string
		if err := readText(&text)(path, raw); err == nil {
			switch URLs(text) {
			case URLsNone, URLsHost, URLsPath, URLsFull:
				*into = URLs(text)
				return nil
			}
		}
		return refuse(path, raw, "none, host, path or full")
	}
}

// readList reads each element of a list.
func readList(element read) read {
	return func(path string, raw json.RawMessage) error {
		var list []json.RawMessage
		if kind(raw) != '[' || json.Unmarshal(raw, &list) != nil {
			return refuse(path, raw, "a list")
		}
		for i, value := range list {
			if err := element(fmt.Sprintf("%s[%d]", path, i), value); err != nil {
				return err
			}
		}
		return nil
	}
}

func readRedact(into *[]string) read {
	return func(path string, raw json.RawMessage) error {
		err := readList(func(path string, raw json.RawMessage) error {
			var text string
			if err := readText(&text)(path, raw); err != nil {
				return err
			}
			if _, err := compilePattern(text); err != nil {
				return refuse(path, raw, "an RE2 pattern: "+err.Error())
			}
			*into = append(*into, text)
			return nil
		})(path, raw)
		if err == nil && len(*into) > MaxPatterns {
			return &SettingError{Key: path, Want: fmt.Sprintf("at most %d patterns", MaxPatterns)}
		}
		return err
	}
}

func readSchedule(into *Schedule) read {
	return func(path string, raw json.RawMessage) error {
		days, err := parseObject(raw)
		if err != nil {
			return refuse(path, raw, err.Error())
		}
		schedule := Schedule{}
		for _, weekday := range weekdays {
			value, ok := days[weekday]
			if !ok {
				continue
			}
			schedule[weekday] = []string{}
			err := readList(func(path string, raw json.RawMessage) error {
				var text string
				if err := readText(&text)(path, raw); err != nil {
					return err
				}
				schedule[weekday] = append(schedule[weekday], text)
				return nil
			})(path+"."+weekday, value)
			if err != nil {
				return err
			}
			delete(days, weekday)
		}
		for unknown := range days {
			schedule[unknown] = nil // for Check to name
		}
		*into = schedule
		return schedule.Check()
	}
}
