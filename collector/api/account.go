package api

import (
	"context"
	"slices"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/settings"
)

// ShowAccount gives every key of account.yaml as it is in force, what may stand there, and who changed it last.
func (a adminService) ShowAccount(ctx context.Context, _ *connect.Request[adminv1.ShowAccountRequest]) (*connect.Response[adminv1.ShowAccountResponse], error) {
	set, viewer := a.Config(), viewerOf(ctx)
	all, overridable := set.Settings(), settings.Overridable()
	keys := make([]string, len(all))
	for i, one := range all {
		keys[i] = one.Path
	}
	last, newest, err := config.LastChanges(ctx, a.Registry, config.AccountFile, keys)
	if err != nil {
		return nil, err
	}
	answer := &adminv1.ShowAccountResponse{
		Revision: set.Revision(config.AccountFile), Changed: instant(newest.At), ChangedBy: newest.Actor,
	}
	for _, one := range all {
		low, high := one.Ends()
		answer.Keys = append(answer.Keys, &adminv1.AccountKey{
			Key: one.Path, Value: one.Value, Default: one.Default, Set: one.Said, Kind: string(one.Kind),
			Min: low, Max: high, Words: one.Words, Overridden: one.Overridden, Editable: access.MayEdit(viewer, one.Path),
			Step: one.StepText(), Overridable: slices.Contains(overridable, one.Path),
			Changed: instant(last[one.Path].At), ChangedBy: last[one.Path].Actor,
		})
	}
	return connect.NewResponse(answer), nil
}
