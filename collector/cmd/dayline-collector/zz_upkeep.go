package main

import (
	"context"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/duckdb"
)

// upkeep stands in until the store has its own.
type upkeep struct{ *duckdb.Store }

func (u upkeep) Delete(ctx context.Context, device, loginKey string, before time.Time) (int64, error) {
	return u.Store.Delete(ctx, device, loginKey, before)
}
func (u upkeep) DropDays(context.Context, int32) (int64, error)          { return 0, nil }
func (u upkeep) Strip(context.Context, int32, bool, bool) (int64, error) { return 0, nil }
func (u upkeep) Rewrite(context.Context) error                           { return nil }
func (u upkeep) Usage(context.Context) (collector.Usage, error)          { return collector.Usage{}, nil }
