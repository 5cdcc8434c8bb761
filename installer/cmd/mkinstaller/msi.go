package main

import (
	"context"

	"github.com/dayline-project/dayline/installer/authenticode"
	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/msi"
)

func (o options) agent() (exe.Agent, error) {
	believed, err := o.believed()
	return exe.Agent{Version: o.version, Built: o.built, Arch: o.arch, Believed: believed}, err
}

// authenticode is what signs for Windows; nil without a certificate.
func (o options) authenticode() (*authenticode.Signer, error) {
	if o.sign == "" {
		return nil, nil
	}
	password, err := o.password()
	return &authenticode.Signer{File: o.sign, Password: password, TimestampURL: o.timestamp}, err
}

func buildExe(ctx context.Context, o options) ([]string, error) {
	signer, err := o.authenticode()
	if err != nil {
		return nil, err
	}
	agent, err := o.agent()
	if err != nil {
		return nil, err
	}
	executable, err := buildExecutable(ctx, agent, signer)
	if err != nil {
		return nil, err
	}
	path, err := o.write("windows-"+o.arch, ".exe", executable)
	return []string{path}, err
}

func buildExecutable(ctx context.Context, agent exe.Agent, signer *authenticode.Signer) ([]byte, error) {
	executable, err := agent.Build(ctx)
	if err == nil && signer != nil {
		executable, err = signer.Sign(ctx, executable)
	}
	return executable, err
}

func buildMSI(ctx context.Context, o options) ([]string, error) {
	signer, err := o.authenticode()
	if err != nil {
		return nil, err
	}
	agent, err := o.agent()
	if err != nil {
		return nil, err
	}
	executable, err := buildExecutable(ctx, agent, signer)
	if err != nil {
		return nil, err
	}
	whole, err := msi.Package{Agent: agent, Executable: executable}.Build(ctx)
	if err == nil && signer != nil {
		whole, err = signer.SignReserving(ctx, whole)
	}
	if err != nil {
		return nil, err
	}
	path, err := o.write("windows-"+o.arch, ".msi", whole)
	if err != nil {
		return nil, err
	}
	update, err := o.writeUpdate("windows-"+o.arch, executable)
	return []string{path, update}, err
}
