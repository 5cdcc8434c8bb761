package duckdb

import (
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/storetest"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	store, err := Open(t.Context(), dir, Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) collector.EpisodeStore { return open(t, t.TempDir()) })
}
