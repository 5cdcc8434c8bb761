package sqlite_test

import (
	"testing"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/sqlite"
	"github.com/dayline-project/dayline/collector/sqlite/registrytest"
)

func open(t *testing.T, dir string) *sqlite.Registry {
	t.Helper()
	registry, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

func TestConformance(t *testing.T) {
	registrytest.Run(t, func(t *testing.T, dir string) collector.Registry { return open(t, dir) })
}
