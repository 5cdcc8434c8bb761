package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect"

	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

type deviceCommand struct {
	List      deviceList      `cmd:"" help:"List the devices."`
	Show      deviceShow      `cmd:"" help:"Show one device."`
	Revoke    deviceRevoke    `cmd:"" help:"Refuse a device from now on. Its data stays."`
	Delete    deviceDelete    `cmd:"" help:"Delete a device's data. The device stays."`
	Uninstall deviceUninstall `cmd:"" help:"Ask the agent to remove itself. The data stays."`
}

var deviceColumns = []string{"id", "name", "os", "agent_version", "state", "flags", "logins", "last_contact", "last_episode", "revoked"}

type deviceList struct{ listed }

// Run lists the devices.
func (c *deviceList) Run(i *invocation) error {
	devices, err := i.devices()
	if err != nil {
		return err
	}
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
	ID string `arg:"" help:"The device's id or name."`
}

// Run shows one device, or all of one name.
func (c *deviceShow) Run(i *invocation) error {
	devices, err := i.devices()
	if err != nil {
		return err
	}
	devices = slices.DeleteFunc(devices, func(d *adminv1.Device) bool { return d.Id != c.ID && !strings.EqualFold(d.Name, c.ID) })
	if len(devices) == 0 {
		return fmt.Errorf("there is no device %s", c.ID)
	}
	return list(i, c.Format, devices, "", deviceColumns...)
}

type deviceRevoke struct {
	ID string `arg:"" help:"The device's id."`
}

// Run revokes a device.
func (c *deviceRevoke) Run(i *invocation) error {
	if _, err := i.act(c.ID, adminv1connect.AdminServiceClient.RevokeDevice); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Device %s is refused from now on.\n", c.ID)
	return nil
}

type deviceDelete struct {
	ID string `arg:"" help:"The device's id."`
}

// Run deletes a device's data.
func (c *deviceDelete) Run(i *invocation) error {
	answer, err := i.act(c.ID, adminv1connect.AdminServiceClient.DeleteDevice)
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "%.0f episodes of device %s are deleted.\n", answer.DeletedEpisodes, c.ID)
	return nil
}

type deviceUninstall struct {
	ID string `arg:"" help:"The device's id."`
}

// Run asks an agent to remove itself.
func (c *deviceUninstall) Run(i *invocation) error {
	if _, err := i.act(c.ID, adminv1connect.AdminServiceClient.UninstallDevice); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "The agent of device %s is asked to remove itself at its next contact.\n", c.ID)
	return nil
}

type deviceAct func(adminv1connect.AdminServiceClient, context.Context, *connect.Request[adminv1.DeviceRequest]) (*connect.Response[adminv1.DeviceResponse], error)

func (i *invocation) act(id string, do deviceAct) (*adminv1.DeviceResponse, error) {
	admin, err := i.admin()
	if err != nil {
		return nil, err
	}
	answer, err := do(admin, i.ctx, connect.NewRequest(&adminv1.DeviceRequest{Id: id}))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}
