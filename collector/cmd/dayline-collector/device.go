package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

type deviceCommand struct {
	List      deviceList      `cmd:"" help:"List the devices."`
	Show      deviceShow      `cmd:"" help:"Show one device."`
	Update    deviceUpdate    `cmd:"" help:"Have a device update now, whatever share of its system's does."`
	Revoke    deviceRevoke    `cmd:"" help:"Refuse a device from now on. Its data stays."`
	Delete    deviceDelete    `cmd:"" help:"Delete a device's data. The device stays."`
	Uninstall deviceUninstall `cmd:"" help:"Ask the agent to remove itself. The data stays."`
}

var deviceColumns = []string{"id", "name", "alias", "os", "agent_version", "state", "silent", "flags", "logins", "last_contact", "last_episode", "revoked"}

type deviceList struct {
	listed
	State  string `placeholder:"STATE" enum:"healthy,quiet,stale,lost," default:"" help:"Those in this state alone: healthy, quiet, stale or lost."`
	Silent bool   `help:"Those alone that were in a session at their last contact and have not come for 10 minutes."`
	Flag   string `placeholder:"FLAG" enum:"addresses,blind,buffer,clock,cloned,flood,fork,outdated,permission,renamed,replaces?," default:"" help:"Those with this flag alone: addresses, blind, buffer, clock, cloned, flood, fork, outdated, permission, renamed or replaces?."`
}

// Run lists the devices.
func (c *deviceList) Run(i *invocation) error {
	devices, err := i.devices()
	if err != nil {
		return err
	}
	devices = slices.DeleteFunc(devices, func(d *adminv1.Device) bool {
		return c.State != "" && d.State != c.State || c.Silent && !d.Silent || c.Flag != "" && !slices.Contains(d.Flags, c.Flag)
	})
	return list(i, c.Format, devices, "There are no devices.", deviceColumns...)
}

func (i *invocation) devices() ([]*adminv1.Device, error) {
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := admin.ListDevices(i.ctx, connect.NewRequest(&adminv1.ListDevicesRequest{}))
	if err != nil {
		return nil, err
	}
	return answer.Msg.Devices, nil
}

type deviceShow struct {
	listed
	ID string `arg:"" help:"The device's id, alias or name."`
}

// Run shows all that is known of one device, or of all of one name.
func (c *deviceShow) Run(i *invocation) error {
	devices, err := i.devices()
	if err != nil {
		return err
	}
	is := func(name string) bool { return strings.EqualFold(name, c.ID) }
	devices = slices.DeleteFunc(devices, func(d *adminv1.Device) bool { return !is(d.Id) && !is(d.Name) && !is(d.Alias) })
	if len(devices) == 0 {
		return fmt.Errorf("there is no device %q", c.ID)
	}
	if c.Format != listing.Table {
		return list(i, c.Format, devices, "")
	}
	for n, d := range devices {
		if n > 0 {
			fmt.Fprintln(i.out)
		}
		if err := listing.Card(i.out, d, append(slices.Clone(deviceColumns),
			"os_version", "arch", "time_zone", "enrolled", "groups", "buffered_episodes", "lost_episodes", "limits", "errors",
			"update_version", "update_ordered", "update_step", "update_reason", "update_at", "update_until", "update_off")...); err != nil {
			return err
		}
		printBrowsers(i.out, d.Browsers)
	}
	return nil
}

// printBrowsers says of each browser of a device what is captured and why not more, and what its extension tells. Nothing is
// cut: a reason ends in what to do.
func printBrowsers(w io.Writer, browsers []*adminv1.DeviceBrowser) {
	for _, b := range browsers {
		fmt.Fprintf(w, "\n%s: %s", b.App, strings.ReplaceAll(b.Level, "_", " "))
		if b.Reason != "" {
			fmt.Fprintf(w, ": %s", b.Reason)
		}
		fmt.Fprintln(w)
		switch {
		case b.ExtensionVersion != "":
			fmt.Fprintf(w, "  extension %s, last heard %s\n", b.ExtensionVersion, cmp.Or(b.LastReport, "never"))
		case b.LastReport != "":
			fmt.Fprintf(w, "  no extension speaks; last heard %s\n", b.LastReport)
		default:
			fmt.Fprintln(w, "  no extension speaks")
		}
		if b.FrontSeconds > 0 {
			front := time.Duration(b.FrontSeconds) * time.Second
			fmt.Fprintf(w, "  an address for %.0f %% of %s in front\n", math.Floor(100*b.AddressShare), front)
		}
	}
}

type deviceRevoke struct {
	ID string `arg:"" help:"The device's id, or its alias or name where only one has it."`
}

// Run revokes a device.
func (c *deviceRevoke) Run(i *invocation) error {
	if _, err := i.act(&adminv1.DeviceRequest{Id: c.ID}, adminv1connect.AdminServiceClient.RevokeDevice); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Device %s is refused from now on.\n", c.ID)
	return nil
}

// later is what every deletion takes.
type later struct {
	Later bool `help:"Leave writing the episode file anew for the night: what is deleted is gone from reports at once, and its last bytes within a day."`
}

type deviceDelete struct {
	ID string `arg:"" help:"The device's id, or its alias or name where only one has it."`
	later
}

// Run deletes a device's data.
func (c *deviceDelete) Run(i *invocation) error {
	answer, err := i.act(&adminv1.DeviceRequest{Id: c.ID, Later: c.Later}, adminv1connect.AdminServiceClient.DeleteDevice)
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "%.0f episodes of device %s are deleted. The device stays: what it records from now on is new data.\n", answer.DeletedEpisodes, c.ID)
	return nil
}

type deviceUninstall struct {
	ID string `arg:"" help:"The device's id, or its alias or name where only one has it."`
}

// Run asks an agent to remove itself.
func (c *deviceUninstall) Run(i *invocation) error {
	if _, err := i.act(&adminv1.DeviceRequest{Id: c.ID}, adminv1connect.AdminServiceClient.UninstallDevice); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "The agent of device %s is asked to remove itself at its next contact.\n", c.ID)
	return nil
}

type deviceAct func(adminv1connect.AdminServiceClient, context.Context, *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error)

func (i *invocation) act(request *adminv1.DeviceRequest, do deviceAct) (*adminv1.DeviceResponse, error) {
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := do(admin, i.ctx, connect.NewRequest(request))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}
