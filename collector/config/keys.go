package config

import (
	"reflect"
	"strings"
)

// name is a field's key in the files; empty where it has none.
func name(field reflect.StructField) string {
	key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if key == "-" || !field.IsExported() {
		return ""
	}
	return key
}

// fields calls yield with every key of a struct type, those of embedded structs among them.
func fields(of reflect.Type, yield func(key string, field reflect.StructField)) {
	for _, field := range reflect.VisibleFields(of) {
		if key := name(field); key != "" {
			yield(key, field)
		}
	}
}

// fieldOf finds the field of a key.
func fieldOf(of reflect.Value, key string) (reflect.Value, bool) {
	var found []int
	fields(of.Type(), func(name string, field reflect.StructField) {
		if name == key {
			found = field.Index
		}
	})
	if found == nil {
		return reflect.Value{}, false
	}
	return of.FieldByIndex(found), true
}

// nearest gives the known key nearest to an unknown one: the same key in another section, else the most alike of its
// own section.
func nearest(root, section reflect.Type, path, unknown string) string {
	var same string
	walk(root, "", func(known string, _ reflect.StructField) {
		if same == "" && (known == unknown || strings.HasSuffix(known, "."+unknown)) {
			same = known
		}
	})
	if same != "" {
		return same
	}
	best, least := "", -1
	fields(section, func(key string, _ reflect.StructField) {
		if d := distance(unknown, key); least < 0 || d < least {
			best, least = key, d
		}
	})
	return join(path, best)
}

// walk calls yield with the dotted path of every key below a type; the items of lists and maps have `[]` and `*`.
func walk(of reflect.Type, path string, yield func(path string, field reflect.StructField)) {
	switch of.Kind() {
	case reflect.Pointer:
		walk(of.Elem(), path, yield)
	case reflect.Slice:
		walk(of.Elem(), path+"[]", yield)
	case reflect.Map:
		walk(of.Elem(), join(path, "*"), yield)
	case reflect.Struct:
		fields(of, func(key string, field reflect.StructField) {
			yield(join(path, key), field)
			walk(field.Type, join(path, key), yield)
		})
	}
}

// distance is the number of letters to insert, remove, change or swap with the next to make one text the other.
func distance(a, b string) int {
	before, last := []int(nil), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
