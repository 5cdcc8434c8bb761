package main

import (
	"context"

	"github.com/dayline-project/dayline/installer/linux"
	"github.com/dayline-project/dayline/shared/release"
)

func buildLinux(ctx context.Context, o options) ([]string, error) {
	believed, err := o.believed()
	if err != nil {
		return nil, err
	}
	p, err := linux.Agent{Version: o.version, Built: o.built, Arch: o.arch, Believed: believed}.Build(ctx)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, form := range []struct {
		kind string
		pack func() ([]byte, error)
	}{{release.Deb, p.Deb}, {release.RPM, p.RPM}, {release.Tar, p.Tar}} {
		whole, err := form.pack()
		if err != nil {
			return nil, err
		}
		path, err := o.write("linux-"+o.arch, "."+form.kind, whole)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	update, err := o.writeUpdate("linux-"+o.arch, p.Program)
	return append(paths, update), err
}
