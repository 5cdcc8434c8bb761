package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/dayline-project/dayline/shared/disk"
)

// KeptFile is the last good set in the data directory: one JSON object of file names and texts, so that the four
// files change together.
const KeptFile = "config.last-good.json"

// Keep stores the set as the last good one.
func Keep(dataDir string, set *Set) error {
	texts := map[string]string{}
	for name, content := range set.Content {
		texts[name] = string(content)
	}
	content, err := json.Marshal(texts)
	if err == nil {
		err = disk.Replace(filepath.Join(dataDir, KeptFile), content)
	}
	if err != nil {
		return fmt.Errorf("config: keep: %w", err)
	}
	return nil
}

// Kept gives the last good set. This program may judge it otherwise than the one that kept it: then it is an error.
func Kept(dataDir string) (*Set, error) {
	content, err := os.ReadFile(filepath.Join(dataDir, KeptFile))
	if err != nil {
		return nil, fmt.Errorf("config: kept: %w", err)
	}
	var texts map[string]string
	if err := json.Unmarshal(content, &texts); err != nil {
		return nil, fmt.Errorf("config: kept: %w", err)
	}
	files := map[string][]byte{}
	for name, text := range texts {
		files[name] = []byte(text)
	}
	set, problems := Parse(files)
	if set == nil {
		return nil, fmt.Errorf("config: kept: %s", problems[0])
	}
	return set, nil
}

// LoadOrKept loads the folder's files or, where they have errors, the last good set; the problems tell which. The set
// is nil where there is neither.
func LoadOrKept(dir string) (set *Set, problems []Problem, err error) {
	set, problems = Load(dir)
	if set != nil {
		return set, problems, nil
	}
	set, err = Kept(dataDirOf(dir))
	return set, problems, err
}

// dataDirOf finds the data directory of files that may have errors elsewhere.
func dataDirOf(dir string) string {
	found := defaultCollector()
	content, err := read(filepath.Join(dir, CollectorFile))
	if err != nil {
		return found.DataDir
	}
	d := &decoder{file: CollectorFile, lines: map[string]int{}, root: reflect.TypeFor[Collector]()}
	if root := d.parse(content); root != nil {
		d.value(root, reflect.ValueOf(found).Elem(), "")
	}
	return found.DataDir
}
