package api

import (
	"context"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/directory"
	"github.com/dayline-project/dayline/collector/fleet"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// activeDays that updates are shown for: the devices that came in so many days; 0 for all.
var activeDays = []int32{0, 7, 30, 90}

// ShowUpdates tells how the agents' updates stand.
func (a adminService) ShowUpdates(ctx context.Context, req *connect.Request[adminv1.ShowUpdatesRequest]) (*connect.Response[adminv1.ShowUpdatesResponse], error) {
	if !slices.Contains(activeDays, req.Msg.ActiveDays) {
		return nil, collector.Refuse(collector.BadRequest, "active_days", "%d is none of 7, 30, 90 or, for all, 0", req.Msg.ActiveDays)
	}
	d, _, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := a.Rollouts.Show(ctx, time.Duration(req.Msg.ActiveDays)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	for _, f := range answer.Failures {
		f.Name = d.DeviceName(f.Device)
	}
	return connect.NewResponse(answer), nil
}

// SetRollout raises a roll-out by hand, halts it or lets it go on.
func (a adminService) SetRollout(ctx context.Context, req *connect.Request[adminv1.SetRolloutRequest]) (*connect.Response[adminv1.SetRolloutResponse], error) {
	aim, err := a.Rollouts.Set(ctx, req.Msg, viewerOf(ctx).Actor())
	if err != nil {
		return nil, err
	}
	a.Agents.heads.forget()
	return connect.NewResponse(&adminv1.SetRolloutResponse{Aim: aim}), nil
}

// UpdateDevice has one device update now, or takes that back.
func (a adminService) UpdateDevice(ctx context.Context, req *connect.Request[adminv1.UpdateDeviceRequest]) (*connect.Response[adminv1.UpdateDeviceResponse], error) {
	id, err := a.findDevice(ctx, req.Msg.Id)
	if err != nil {
		return nil, err
	}
	defer a.Agents.heads.forget()
	if req.Msg.Cancel {
		return connect.NewResponse(&adminv1.UpdateDeviceResponse{}), a.Rollouts.Cancel(ctx, id, viewerOf(ctx).Actor())
	}
	version, err := a.Rollouts.Order(ctx, id, req.Msg.Version, viewerOf(ctx).Actor())
	return connect.NewResponse(&adminv1.UpdateDeviceResponse{Version: version}), err
}

// showUpdates tells in devices' rows how their updates stand.
func (a adminService) showUpdates(d *directory.Directory, rows []*adminv1.Device, seen *fleet.Seen) {
	devices := map[string]*collector.Device{}
	for i := range seen.Devices {
		devices[seen.Devices[i].ID] = &seen.Devices[i]
	}
	for _, row := range rows {
		says := seen.Health[row.Id].GetUpdate()
		row.UpdateOff = says.GetOff()
		if row.Update = a.Rollouts.Device(devices[row.Id], says); row.Update != nil {
			row.Update.Name = d.DeviceName(row.Id)
		}
	}
}
