package main

import (
	"context"

	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/msi"
)

func (o options) agent() (exe.Agent, error) {
	extensions, err := o.extensions()
	return exe.Agent{Version: o.version, Built: o.built, Arch: o.arch, Extensions: extensions}, err
}

func buildExe(ctx context.Context, o options) ([]string, error) {
	agent, err := o.agent()
	if err != nil {
		return nil, err
	}
	executable, err := agent.Build(ctx)
	if err != nil {
		return nil, err
	}
	path, err := o.write("windows-"+o.arch, ".exe", executable)
	return []string{path}, err
}

func buildMSI(ctx context.Context, o options) ([]string, error) {
	agent, err := o.agent()
	if err != nil {
		return nil, err
	}
	executable, err := agent.Build(ctx)
	if err != nil {
		return nil, err
	}
	whole, err := msi.Package{Agent: agent, Executable: executable}.Build(ctx)
	if err != nil {
		return nil, err
	}
	path, err := o.write("windows-"+o.arch, ".msi", whole)
	return []string{path}, err
}
