package episode_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dayline-project/dayline/shared/episode"
)

// TestVectors replays every case of testdata/vectors, value for value. They are examples of the rules.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/vectors/*.settings.json")
	if err != nil || len(files) != 37 {
		t.Fatalf("%d vectors, %v; want 37", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".settings.json")
		t.Run(filepath.Base(name), func(t *testing.T) {
			got := replay(t, read(t, file), read(t, name+".trace.jsonl"))
			if diff := cmp.Diff(string(read(t, name+".expected.jsonl")), got); diff != "" {
				t.Errorf("episodes (-want +got):\n%s", diff)
			}
		})
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// replay gives the lines that settings and a trace make.
func replay(t testing.TB, settings, trace []byte) string {
	t.Helper()
	parsed, err := episode.ParseSettings(settings)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := episode.Replay(parsed, bytes.NewReader(trace), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
