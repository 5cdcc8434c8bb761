package api

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/collector/retention"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// ListDevices lists the devices that the caller knows of, with how they do; their logins are for administrators.
func (a adminService) ListDevices(ctx context.Context, _ *connect.Request[adminv1.ListDevicesRequest]) (*connect.Response[adminv1.ListDevicesResponse], error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return nil, err
	}
	var seen fleet.Seen
	if seen.Devices, err = a.Registry.Devices(ctx); err != nil {
		return nil, err
	}
	if seen.Going, err = a.Registry.GoingSpans(ctx); err != nil {
		return nil, err
	}
	if seen.Health, err = a.Registry.Healths(ctx); err != nil {
		return nil, err
	}
	seen.Addresses = *a.Config().Account.Privacy.URLs != episode.URLsNone
	waiting := a.Agents.contacts.lastContacts()
	for i := range seen.Devices {
		if c, ok := waiting[seen.Devices[i].ID]; ok {
			one := &seen.Devices[i]
			one.LastContactAt = c.At
			if c.LastEpisodeAt.After(one.LastEpisodeAt) {
				one.LastEpisodeAt = c.LastEpisodeAt
			}
		}
	}
	rows := fleet.Rows(d, scope, &seen, a.Now())
	a.showUpdates(d, rows, &seen)
	return connect.NewResponse(&adminv1.ListDevicesResponse{Devices: rows}), nil
}

// DeleteDevice deletes a device's data and leaves the device: what it sends later is new data.
func (a adminService) DeleteDevice(ctx context.Context, req *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error) {
	id, err := a.findDevice(ctx, req.Msg.Id)
	if err != nil {
		return nil, err
	}
	erased, err := a.erase(ctx, retention.Erasure{
		Action: "device.delete", Subject: id, Owners: []collector.Owner{{Device: id}}, Later: req.Msg.Later,
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.DeviceResponse{DeletedEpisodes: float64(erased.Episodes)}), nil
}

// RevokeDevice refuses the device from now on.
func (a adminService) RevokeDevice(ctx context.Context, req *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error) {
	return a.mark(ctx, req.Msg.Id, "device.revoke", a.Registry.RevokeDevice)
}

// UninstallDevice asks the agent to remove itself at its next sync.
func (a adminService) UninstallDevice(ctx context.Context, req *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error) {
	return a.mark(ctx, req.Msg.Id, "device.uninstall", a.Registry.UninstallDevice)
}

func (a adminService) mark(ctx context.Context, word, action string, do func(context.Context, string, time.Time) error) (*connect.Response[adminv1.DeviceResponse], error) {
	id, err := a.findDevice(ctx, word)
	if err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // the registry, what is in memory and the audit log go together
	if err := do(ctx, id, a.Now()); err != nil {
		return nil, err
	}
	if _, err := a.Agents.devices.refresh(ctx, id); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, action, id, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.DeviceResponse{}), nil
}

// findDevice finds a device that the caller knows of.
func (a adminService) findDevice(ctx context.Context, word string) (id string, err error) {
	d, scope, err := a.within(ctx)
	if err != nil {
		return "", err
	}
	return d.FindDevice(word, scope)
}

// Buried takes over that tombstones were added: agents are told of them from now on, and what devices said before is in
// the registry, which may forget it then.
func (a *Agents) Buried(ctx context.Context) error {
	a.contacts.flush(ctx)
	return a.tombstones.load(ctx)
}

// resync asks a device for all it has said before.
func (d *devices) resync(id string) {
	if one := d.find(id); one != nil {
		one.mu.Lock()
		defer one.mu.Unlock()
		one.resync = true
	}
}
