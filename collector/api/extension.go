package api

import (
	"context"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
	"github.com/dayline-project/dayline/collector/fleet"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/shared/extension"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// ShowExtension tells what is handed out, or why nothing is, and how far it has come.
func (a adminService) ShowExtension(ctx context.Context, _ *connect.Request[adminv1.ShowExtensionRequest]) (*connect.Response[adminv1.Extension], error) {
	devices, err := a.ListDevices(ctx, connect.NewRequest(&adminv1.ListDevicesRequest{}))
	if err != nil {
		return nil, err
	}
	answer := a.extension()
	answer.Reach = fleet.Reach(devices.Msg.Devices)
	return connect.NewResponse(answer), nil
}

// AddExtension verifies a package and hands it out from now on.
func (a adminService) AddExtension(ctx context.Context, req *connect.Request[adminv1.AddExtensionRequest]) (*connect.Response[adminv1.Extension], error) {
	files := map[string][]byte{}
	for _, file := range req.Msg.Files {
		if files[file.Name] != nil {
			return nil, collector.Refuse(collector.BadRequest, "files", "a file is there twice")
		}
		files[file.Name] = file.Content
	}
	if _, err := a.Extension.Add(files); err != nil {
		return nil, err
	}
	now := a.extension()
	if err := a.audit(ctx, "extension.add", now.Version, map[string]any{"id": now.Id, "issued": now.Issued}); err != nil {
		return nil, err
	}
	return connect.NewResponse(now), nil
}

// RemoveExtension hands none out any more; browsers keep the one they have.
func (a adminService) RemoveExtension(ctx context.Context, _ *connect.Request[adminv1.RemoveExtensionRequest]) (*connect.Response[adminv1.RemoveExtensionResponse], error) {
	before := a.extension()
	if err := a.Extension.Remove(); err != nil {
		return nil, err
	}
	if err := a.audit(ctx, "extension.remove", before.Version, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RemoveExtensionResponse{}), nil
}

// ShowExtensionPolicy gives what tells a browser to install the extension, wherever it is handed out.
func (a adminService) ShowExtensionPolicy(_ context.Context, req *connect.Request[adminv1.ShowExtensionPolicyRequest]) (*connect.Response[adminv1.ShowExtensionPolicyResponse], error) {
	m := req.Msg
	policy, err := extension.Policy(extension.Browser(m.Browser), m.Os, extension.Source{Base: a.extensionAddress(), StoreID: m.StoreId})
	if err != nil {
		return nil, collector.Refuse(collector.BadRequest, "", "%v", err)
	}
	answer := &adminv1.ShowExtensionPolicyResponse{}
	for _, file := range policy {
		answer.Files = append(answer.Files, &adminv1.NamedContent{Name: file.Name, Content: file.Content})
	}
	return connect.NewResponse(answer), nil
}

// extensionAddress is where browsers find what is handed out.
func (a *Admin) extensionAddress() string { return a.Agents.webURL() + shelf.ExtensionPath }

func (a *Admin) extension() *adminv1.Extension {
	answer := &adminv1.Extension{Address: a.extensionAddress(), Warnings: a.extensionWarnings()}
	held, err := a.Extension.Held()
	if err != nil {
		answer.Problem = err.Error()
	}
	if held == nil {
		return answer
	}
	answer.Version, answer.Issued, answer.Id, answer.FirefoxId = held.VersionName, instant(held.IssuedAt), held.ID, held.FirefoxID
	answer.MozillaSigned = held.MozillaSigned
	for _, file := range held.Packed {
		answer.Files = append(answer.Files, &adminv1.ExtensionFile{Name: file.Name, Bytes: float64(file.Size), Sha256: file.SHA256})
	}
	return answer
}

// extensionWarnings tell what keeps browsers of other computers from an extension that they are told to install.
func (a *Admin) extensionWarnings() []string {
	c, address := a.Config().Collector, a.extensionAddress()
	switch {
	case onThisComputer(address):
		return []string{"this_computer"}
	case strings.HasPrefix(address, "http:"):
		return []string{"not_https"}
	case c.TLS.Mode == config.SelfSigned && c.WebURL == "":
		return []string{"self_signed"}
	}
	return nil
}
