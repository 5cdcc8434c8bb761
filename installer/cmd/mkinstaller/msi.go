package main

import (
	"context"

	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/msi"
)

func (o options) agent() exe.Agent {
	return exe.Agent{Version: o.version, Built: o.built, Arch: o.arch}
}

func buildExe(ctx context.Context, o options) ([]string, error) {
	executable, err := o.agent().Build(ctx)
	if err != nil {
		return nil, err
	}
	path, err := o.write("windows-"+o.arch, ".exe", executable)
	return []string{path}, err
}

func buildMSI(ctx context.Context, o options) ([]string, error) {
	executable, err := o.agent().Build(ctx)
	if err != nil {
		return nil, err
	}
	whole, err := msi.Package{Agent: o.agent(), Executable: executable}.Build(ctx)
	if err != nil {
		return nil, err
	}
	path, err := o.write("windows-"+o.arch, ".msi", whole)
	return []string{path}, err
}
