package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// DropSetAside deletes the files that could not be read, and names them.
func (s *Store) DropSetAside(ctx context.Context) ([]string, error) {
	stats, err := s.Stats(ctx)
	if err != nil || len(stats.SetAside) == 0 {
		return nil, err
	}
	for _, name := range stats.SetAside {
		for _, file := range []string{name, name + ".wal"} {
			if err := os.Remove(filepath.Join(s.dir, file)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, fmt.Errorf("duckdb: drop what was set aside: %w", err)
			}
		}
	}
	return stats.SetAside, syncDir(s.dir)
}
