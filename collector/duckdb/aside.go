package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
)

// DropSetAside deletes the files that could not be read, and names them.
func (s *Store) DropSetAside(ctx context.Context) ([]string, error) {
	stats, err := s.Stats(ctx)
	if err != nil || len(stats.SetAside) == 0 {
		return nil, err
	}
	for _, name := range stats.SetAside {
		if err := removeAll(filepath.Join(s.dir, name)); err != nil {
			return nil, fmt.Errorf("duckdb: drop what was set aside: %w", err)
		}
	}
	return stats.SetAside, syncDir(s.dir)
}
