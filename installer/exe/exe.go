// Package exe builds dayline-agent.exe: the agent linked for Windows, with the resources that Windows shows of a
// program and decides by.
package exe

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/tc-hib/winres"
	"github.com/tc-hib/winres/version"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
)

// Name of the executable.
const Name = "dayline-agent.exe"

// Agent is one build of the agent for Windows.
type Agent struct {
	Version release.Version
	// Built is the time of the commit it is built from.
	Built time.Time
	// Arch is the processor as Go names it: amd64 or arm64.
	Arch string
	// Believed is whom it believes.
	Believed product.Believed
}

// Build links the agent from the module around the working directory and gives the executable. Equal sources and
// arguments give equal bytes.
func (a Agent) Build(ctx context.Context) ([]byte, error) {
	plain, err := product.Link(ctx, "windows", a.Arch, a.Version, a.Built, a.Believed)
	if err != nil {
		return nil, fmt.Errorf("exe: %w", err)
	}
	return a.WithResources(plain)
}

// WithResources gives a linked executable the resources of this build.
func (a Agent) WithResources(plain []byte) ([]byte, error) {
	resources, err := a.resources()
	if err != nil {
		return nil, fmt.Errorf("exe: resources: %w", err)
	}
	var whole bytes.Buffer
	if err := resources.WriteToEXE(&whole, bytes.NewReader(plain), winres.ForceCheckSum()); err != nil {
		return nil, fmt.Errorf("exe: resources: %w", err)
	}
	return whole.Bytes(), nil
}

// resources are what Explorer, the task manager and Windows Installer read of the executable:
// https://learn.microsoft.com/windows/win32/menurc/versioninfo-resource
func (a Agent) resources() (*winres.ResourceSet, error) {
	var resources winres.ResourceSet
	icon, err := Icon()
	if err != nil {
		return nil, err
	}
	if err := resources.SetIcon(winres.ID(1), icon); err != nil {
		return nil, err
	}
	if err := resources.Set(winres.RT_MANIFEST, winres.ID(1), version.LangNeutral, []byte(manifest)); err != nil {
		return nil, err
	}
	info := version.Info{FileVersion: a.Version.File(), ProductVersion: a.Version.File()}
	info.Flags.Prerelease = a.Version.String() != a.Version.Product()
	for key, text := range map[string]string{
		version.FileDescription: "Dayline agent", version.FileVersion: a.Version.FileText(), version.InternalName: "dayline-agent",
		version.OriginalFilename: Name, version.ProductName: "Dayline", version.ProductVersion: a.Version.String(), version.CompanyName: product.Publisher,
	} {
		if err := info.Set(version.LangDefault, key, text); err != nil {
			return nil, err
		}
	}
	resources.SetVersionInfo(info)
	return &resources, nil
}

// manifest (https://learn.microsoft.com/windows/win32/sbscs/application-manifests): it asks for no more rights than
// whoever starts it has; it knows Windows 10 and 11, long paths, UTF-8 and screens of different scales.
const manifest = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security><requestedPrivileges><requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application><supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/></application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
      <activeCodePage xmlns="http://schemas.microsoft.com/SMI/2019/WindowsSettings">UTF-8</activeCodePage>
      <dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true/pm</dpiAware>
      <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2, PerMonitor</dpiAwareness>
    </windowsSettings>
  </application>
</assembly>
`
