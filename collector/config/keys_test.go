package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestEveryKeyIsDocumented(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range Files {
		_, section, found := strings.Cut(string(document), "\n## "+file)
		section, _, _ = strings.Cut(section, "\n## ")
		if !found {
			t.Errorf("%s has no section", file)
		}
		walk(fileTypes[file], "", func(path string, field reflect.StructField) {
			own := strings.TrimPrefix(path, "overrides[].") // which may hold the account's own keys
			kind := field.Type
			for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
				kind = kind.Elem()
			}
			if kind.Kind() == reflect.Struct && !strings.Contains(section, "`"+own+"`") {
				return // its keys are
			}
			if !strings.Contains(section, "`"+own+"`") && !strings.Contains(section, "`"+path+"`") {
				t.Errorf("%s: %s is not in docs/configuration.md", file, path)
			}
		})
	}
}

func TestExampleHolds(t *testing.T) {
	if set, problems := Load(filepath.Join("testdata", "example")); set == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
}
