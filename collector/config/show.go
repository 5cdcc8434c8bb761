package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dayline-project/dayline/shared/episode"
	"github.com/dayline-project/dayline/shared/settings"
)

// Value is a setting that holds, and where it comes from: "default", "account.yaml:3" or, where an entry of a list decided,
// "account.yaml:24 (overrides[0])".
type Value struct{ Key, Value, Source string }

// Show gives every value of the account.
func (s *Set) Show() []Value {
	var all []Value
	leaves(reflect.ValueOf(s.Account), "", func(key, text string) {
		all = append(all, Value{key, text, s.source(AccountFile, key)})
	})
	return all
}

// ShowDevice gives what an explained document says; of a login by its settings.LoginKey, or of the device where that is
// empty.
func (s *Set) ShowDevice(why *settings.Explanation, login string) []Value {
	var all []Value
	leaves(reflect.ValueOf(why.Rules), "", func(key, text string) {
		rule := key
		if strings.HasPrefix(key, "notice.") {
			rule = "notice"
		}
		source := s.source(AccountFile, key)
		if i, overridden := why.Overrides[rule]; overridden {
			source = s.decided(AccountFile, at("overrides", i), "."+rule)
		}
		all = append(all, Value{key, text, source})
	})
	choice, known := why.Schedule, false
	var of settings.LoginChoice
	if of, known = why.Logins[login]; known {
		choice = of.Schedule
	}
	source := s.source(AccountFile, "schedule.default")
	if choice.Group >= 0 {
		source = s.decided(AccountFile, at("schedule.groups", choice.Group), "")
	}
	all = append(all, Value{"schedule", choice.Use, source})
	if days, named := s.Account.Schedules[choice.Use]; named {
		leaves(reflect.ValueOf(days), join("schedules", keyStep(choice.Use)), func(key, text string) {
			all = append(all, Value{key, text, s.source(AccountFile, key)})
		})
	}
	if known {
		tracked := Value{"tracked", "true", fromDefault}
		if of.DoNotTrack >= 0 {
			tracked = Value{"tracked", "false", s.decided(PeopleFile, at("do_not_track", of.DoNotTrack), "")}
		}
		all = append(all, tracked)
	}
	return all
}

const fromDefault = "default"

// source of a file's own key.
func (s *Set) source(file, key string) string {
	if line, said := s.decoders[file].lines[key]; said {
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fromDefault
}

// decided names an entry of a list, and the line of what it says.
func (s *Set) decided(file, entry, key string) string {
	return fmt.Sprintf("%s:%d (%s)", file, s.Line(file, entry+key), entry)
}

// leaves calls yield with the single values below a value, and with lists of single values.
func leaves(of reflect.Value, key string, yield func(key, text string)) {
	if of.Kind() == reflect.Pointer {
		if !of.IsNil() {
			leaves(of.Elem(), key, yield)
		}
		return
	}
	if text, is := asText(of); is {
		yield(key, text)
		return
	}
	if own, is := of.Interface().(fmt.Stringer); is {
		yield(key, own.String())
		return
	}
	switch of.Kind() {
	case reflect.Struct:
		fields(of.Type(), func(name string, field reflect.StructField) {
			leaves(of.FieldByIndex(field.Index), join(key, name), yield)
		})
	case reflect.Map:
		if of.Len() == 0 {
			yield(key, "{}")
		}
		for _, name := range slices.SortedFunc(maps.Keys(mapOf(of)), strings.Compare) {
			leaves(mapOf(of)[name], join(key, keyStep(name)), yield)
		}
	case reflect.Slice:
		if kind := of.Type().Elem().Kind(); kind != reflect.Struct || of.Len() == 0 {
			yield(key, listed(of))
			return
		}
		for i := range of.Len() {
			leaves(of.Index(i), at(key, i), yield)
		}
	default:
		yield(key, fmt.Sprint(of.Interface()))
	}
}

// asText gives a value that the files write as text.
func asText(of reflect.Value) (text string, is bool) {
	switch own := of.Interface().(type) {
	case episode.Duration:
		return settings.Length(own), true
	case encoding.TextMarshaler:
		text, _ := own.MarshalText() // settings that were checked can be written
		return string(text), true
	}
	return "", false
}

func mapOf(of reflect.Value) map[string]reflect.Value {
	all := map[string]reflect.Value{}
	for _, key := range of.MapKeys() {
		all[key.String()] = of.MapIndex(key)
	}
	return all
}

// listed writes a list of single values as the files do.
func listed(of reflect.Value) string {
	n := &node{kind: list}
	for i := range of.Len() {
		item := of.Index(i)
		n.children = append(n.children, &child{value: &node{text: fmt.Sprint(item.Interface()), typed: item.Kind() == reflect.Int}})
	}
	return inline(n)
}
