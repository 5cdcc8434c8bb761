package main

import (
	"fmt"
	"slices"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type updatesCommand struct {
	Show  updatesShow  `cmd:"" default:"withargs" help:"What the devices of each system are to become, how many did, and which failed."`
	Raise updatesRaise `cmd:"" help:"Raise a roll-out by hand; the plan goes on from there."`
	Halt  updatesHalt  `cmd:"" help:"Halt a roll-out: no further device is told."`
	GoOn  updatesGoOn  `cmd:"" help:"Let a roll-out that was halted go on. Devices lost before are not counted any more."`
}

type updatesShow struct {
	listed
	Days     int32 `placeholder:"DAYS" enum:"0,7,30,90" default:"30" help:"Of the devices that came in the last 7, 30 or 90 days; 0: of all."`
	Failures bool  `help:"The devices alone that failed to become what they were told, and why."`
}

var (
	aimColumns     = []string{"os", "version", "light", "reason", "there", "devices", "elsewhere", "tried", "lost", "percent", "next_percent", "next"}
	failureColumns = []string{"device", "name", "os", "from", "version", "step", "rolled_back", "reason", "at", "until"}
)

// Run shows both to people, one of them to programs.
func (c *updatesShow) Run(i *invocation) error {
	shown, err := i.updates(c.Days)
	if err != nil {
		return err
	}
	if shown.Problem != "" {
		fmt.Fprintf(i.err, "Warning: no device updates itself: %s\n", shown.Problem)
	}
	if !c.Failures {
		if err := list(i, c.Format, shown.Aims, "There are no devices.", aimColumns...); err != nil {
			return err
		}
	}
	switch {
	case c.Failures:
		return list(i, c.Format, shown.Failures, "No device failed.", failureColumns...)
	case c.Format == listing.Table && len(shown.Failures) > 0:
		fmt.Fprintln(i.out)
		return list(i, c.Format, shown.Failures, "", failureColumns...)
	}
	return nil
}

func (i *invocation) updates(days int32) (*adminv1.ShowUpdatesResponse, error) {
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := admin.ShowUpdates(i.ctx, connect.NewRequest(&adminv1.ShowUpdatesRequest{ActiveDays: days}))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}

// ofSystem is whose roll-out is meant.
type ofSystem struct {
	OS string `arg:"" name:"SYSTEM" enum:"windows,macos,linux" help:"windows, macos or linux."`
}

// set does something to the roll-out of what the system aims at now.
func (o ofSystem) set(i *invocation, request *adminv1.SetRolloutRequest) error {
	shown, err := i.updates(0)
	if err != nil {
		return err
	}
	request.Os = o.OS
	if at := slices.IndexFunc(shown.Aims, func(a *adminv1.UpdateAim) bool { return a.Os == o.OS }); at >= 0 {
		request.Version = shown.Aims[at].Version
	}
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.SetRollout(i.ctx, connect.NewRequest(request))
	if err != nil {
		return err
	}
	aim := answer.Msg.Aim
	fmt.Fprintf(i.err, "%s, %s: %s.\n", aim.Os, aim.Version, aim.Reason)
	return nil
}

type updatesRaise struct {
	ofSystem
	Percent int32 `arg:"" name:"PERCENT" help:"Per cent of the devices, more than it is at."`
}

// Run raises a roll-out.
func (c *updatesRaise) Run(i *invocation) error {
	return c.set(i, &adminv1.SetRolloutRequest{Act: &adminv1.SetRolloutRequest_Percent{Percent: c.Percent}})
}

type updatesHalt struct{ ofSystem }

// Run halts a roll-out.
func (c *updatesHalt) Run(i *invocation) error {
	return c.set(i, &adminv1.SetRolloutRequest{Act: &adminv1.SetRolloutRequest_Halt{Halt: true}})
}

type updatesGoOn struct{ ofSystem }

// Run lets a roll-out go on.
func (c *updatesGoOn) Run(i *invocation) error {
	return c.set(i, &adminv1.SetRolloutRequest{Act: &adminv1.SetRolloutRequest_GoOn{GoOn: true}})
}

type deviceUpdate struct {
	ID      string `arg:"" help:"The device's id, or its alias or name where only one has it."`
	Version string `placeholder:"VERSION" xor:"what" help:"What to become, also where that is older; else what its system aims at."`
	Cancel  bool   `xor:"what" help:"Take it back."`
}

// Run has a device update now.
func (c *deviceUpdate) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.UpdateDevice(i.ctx,
		connect.NewRequest(&adminv1.UpdateDeviceRequest{Id: c.ID, Version: c.Version, Cancel: c.Cancel}))
	switch {
	case err != nil:
		return err
	case c.Cancel:
		fmt.Fprintf(i.err, "Device %s is no longer told to update now.\n", c.ID)
	default:
		fmt.Fprintf(i.err, "Device %s is told at its next contact to become %s.\n", c.ID, answer.Msg.Version)
	}
	return nil
}
