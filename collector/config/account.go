package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/dayline-project/dayline/shared/settings"
)

// checkAccount holds the account to its ranges, and its groups to people.yaml where that could be read.
func checkAccount(d *decoder, account *settings.Account, known bool, groups []string) {
	for _, fault := range account.Check() {
		d.at(fault.Key, "%s is not allowed; allowed: %s", fault.Value, fault.Allowed)
	}
	if zone := account.Reports.TimeZone; zone != "device" {
		if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
			d.at("reports.time_zone", "%q is neither device nor a zone such as Europe/Lisbon", zone)
		}
	}
	if !known {
		return
	}
	for i, use := range account.Schedule.Groups {
		checkGroup(d, fmt.Sprintf("schedule.groups[%d].group", i), use.Group, groups)
	}
	for i, override := range account.Overrides {
		for j, group := range override.Groups {
			checkGroup(d, fmt.Sprintf("overrides[%d].groups[%d]", i, j), group, groups)
		}
	}
}

// Setting is a key of account.yaml: what may stand there, what does, and where it is overridden.
type Setting struct {
	settings.Key
	// Value and Default are JSON; lengths of time and sizes are texts as the file writes them.
	Value, Default string
	// Said: the file has the key.
	Said bool
	// Overridden names the overrides that say it for some devices: "overrides[0]".
	Overridden []string
}

// Settings gives every key of account.yaml in the order of the documented file, structures whole.
func (s *Set) Settings() []Setting {
	var all []Setting
	now, fresh, lines := reflect.ValueOf(s.Account).Elem(), reflect.ValueOf(settings.Default()).Elem(), s.decoders[AccountFile].lines
	for _, key := range settings.Keys() {
		one := Setting{Key: key, Value: jsonAt(now, key.Path), Default: jsonAt(fresh, key.Path)}
		_, one.Said = lines[key.Path]
		for i := range s.Account.Overrides {
			override := at("overrides", i)
			if _, said := lines[override+"."+key.Path]; said {
				one.Overridden = append(one.Overridden, override)
			}
		}
		all = append(all, one)
	}
	return all
}

// jsonAt gives the value of a dotted key as JSON.
func jsonAt(of reflect.Value, path string) string {
	for key := range strings.SplitSeq(path, ".") {
		of, _ = fieldOf(of, key)
	}
	text, err := json.Marshal(plainly(of))
	if err != nil {
		panic(err) // texts, numbers, truth values, and lists and mappings of them
	}
	return string(text)
}

// plainly gives a value as JSON says it with the files' own words; what is left out there is left out.
func plainly(of reflect.Value) any {
	if of.Kind() == reflect.Pointer {
		if of.IsNil() {
			return nil
		}
		return plainly(of.Elem())
	}
	if own, is := of.Interface().(json.Marshaler); is {
		return own
	}
	if text, is := asText(of); is {
		return text
	}
	switch of.Kind() {
	case reflect.Struct:
		values := map[string]any{}
		fields(of.Type(), func(key string, field reflect.StructField) {
			value := of.FieldByIndex(field.Index)
			if !value.IsZero() || !strings.Contains(field.Tag.Get("json"), ",omit") {
				values[key] = plainly(value)
			}
		})
		return values
	case reflect.Map:
		values := map[string]any{}
		for key, value := range mapOf(of) {
			values[key] = plainly(value)
		}
		return values
	case reflect.Slice:
		values := make([]any, of.Len())
		for i := range values {
			values[i] = plainly(of.Index(i))
		}
		return values
	}
	return of.Interface()
}
