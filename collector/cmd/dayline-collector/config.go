package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/config"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type configCommand struct {
	Check   configCheck   `cmd:"" help:"Check the configuration files and say what is wrong where."`
	Show    configShow    `cmd:"" help:"The settings in force, of the account or of one device, and where each comes from."`
	Set     configSet     `cmd:"" help:"Set one value of a file; comments and order stay."`
	Unset   configUnset   `cmd:"" help:"Take one value out of a file, so that the default holds."`
	History configHistory `cmd:"" help:"What changed in the files, when, and by whom, the newest first."`
	Init    configInit    `cmd:"" help:"Write those of the configuration files that are not there, with their defaults."`
}

type configCheck struct{}

// Run prints every problem; warnings alone are no failure.
func (c *configCheck) Run(i *invocation) error {
	set, problems := config.Load(i.configDir)
	if set != nil {
		problems = i.judged(set)
	}
	wrong := set == nil
	for _, p := range problems {
		fmt.Fprintln(i.err, p)
		wrong = wrong || !p.Warning
	}
	if wrong {
		return fmt.Errorf("the configuration in %s is not valid", i.configDir)
	}
	_, err := fmt.Fprintf(i.out, "The configuration in %s is valid.\n", i.configDir)
	return err
}

// judged asks the running collector, which knows who and what there is; without one, what that would have said is left
// open.
func (i *invocation) judged(set *config.Set) []config.Problem {
	ask := &adminv1.CheckConfigRequest{}
	for name, content := range set.Content {
		ask.Files = append(ask.Files, &adminv1.ConfigFile{Name: name, Text: string(content)})
	}
	admin, err := i.admin()
	if err == nil {
		var answer *connect.Response[adminv1.CheckConfigResponse]
		if answer, err = admin.CheckConfig(i.ctx, connect.NewRequest(ask)); err == nil {
			var problems []config.Problem
			for _, p := range answer.Msg.Problems {
				problems = append(problems, config.Problem{File: p.File, Line: int(p.Line), Key: p.Key, Reason: p.Reason, Warning: p.Warning})
			}
			return problems
		}
	}
	if !isNotRunning(err) {
		fmt.Fprintf(i.err, "The collector could not be asked: %s\n", words(err, nil))
	}
	kept, _ := config.Kept(set.Collector.DataDir) // where there is none, nothing was in force yet
	return append(set.After(kept), set.Unchecked()...)
}

type configShow struct {
	listed
	Device string `help:"A device's id, or its name where only one has it."`
	Login  string `help:"A login of the device, as shown."`
}

// Run lists the settings in force.
func (c *configShow) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ShowConfig(i.ctx, connect.NewRequest(&adminv1.ShowConfigRequest{Device: c.Device, Login: c.Login}))
	if err != nil {
		return err
	}
	return list(i, c.Format, answer.Msg.Values, "There are no settings.", "key", "value", "source")
}

// keyed is what editing takes.
type keyed struct {
	Key  string `arg:"" help:"passive.start, groups[Support].people, users[ada@example.com].role, overrides[0].settle, …"`
	File string `placeholder:"NAME" help:"The file, where more than one has the key (default: account.yaml)."`
}

type configSet struct {
	keyed
	Value string `arg:"" help:"YAML: a word, or a list or mapping in brackets. Put -- before a value that begins with a dash."`
}

// Run sets a value.
func (c *configSet) Run(i *invocation) error {
	return i.edit(config.Edit{File: c.File, Key: c.Key, Value: c.Value})
}

type configUnset struct{ keyed }

// Run takes a value out.
func (c *configUnset) Run(i *invocation) error {
	return i.edit(config.Edit{File: c.File, Key: c.Key, Unset: true})
}

// edit has the collector edit a file or, where none runs, edits it here.
func (i *invocation) edit(edit config.Edit) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.SetConfig(i.ctx, connect.NewRequest(&adminv1.SetConfigRequest{
		File: edit.File, Key: edit.Key, Value: edit.Value, Unset: edit.Unset,
	}))
	if isNotRunning(err) && i.as == "" {
		return i.editFiles(edit)
	}
	if err != nil {
		return err
	}
	for _, warning := range answer.Msg.Warnings {
		fmt.Fprintln(i.err, warning)
	}
	fmt.Fprintf(i.err, "%s: %s → %s\n", edit.Key, said(answer.Msg.Old), said(answer.Msg.New))
	return nil
}

// said is a value, or that there is none.
func said(value string) string {
	if value == "" {
		return "(not said)"
	}
	return value
}

// editFiles edits while no collector runs, and none starts meanwhile.
func (i *invocation) editFiles(edit config.Edit) error {
	set, err := loadConfig(i.configDir)
	if err != nil {
		return err
	}
	if _, err := os.Stat(set.Collector.DataDir); err == nil {
		lock, err := claim(set.Collector.DataDir)
		if err != nil {
			return err
		}
		defer lock.Close()
	}
	changes, problems, err := config.EditFiles(i.configDir, []config.Edit{edit})
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(i.err, p)
	}
	for _, c := range changes {
		fmt.Fprintf(i.err, "%s: %s → %s\n", c.Key, said(c.Old), said(c.New))
	}
	fmt.Fprintf(i.err, "No collector runs: the files in %s were edited, and it will be written down as an edit of the file when one starts.\n", i.configDir)
	return nil
}

type configHistory struct {
	listed
	File  string `placeholder:"NAME" help:"Of this file alone."`
	Limit int32  `default:"100" help:"At most so many changes."`
}

// Run lists changes.
func (c *configHistory) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ConfigHistory(i.ctx, connect.NewRequest(&adminv1.ConfigHistoryRequest{File: c.File, Limit: c.Limit}))
	if err != nil {
		return err
	}
	return list(i, c.Format, answer.Msg.Changes, "Nothing changed yet.", "at", "actor", "file", "key", "old", "new")
}

type configInit struct{}

// Run writes the files that are missing.
func (c *configInit) Run(i *invocation) error {
	written, err := config.WriteDefaults(i.configDir)
	if err != nil {
		return err
	}
	if len(written) == 0 {
		fmt.Fprintf(i.err, "All files are in %s already.\n", i.configDir)
		return nil
	}
	fmt.Fprintf(i.err, "Wrote %s into %s. Set public_url in collector.yaml, then run `dayline-collector serve`.\n",
		strings.Join(written, ", "), i.configDir)
	return nil
}

// loadConfig gives the set in force: that of the files or, where these have errors, the last good one.
func loadConfig(dir string) (*config.Set, error) {
	set, problems, err := config.LoadOrKept(dir)
	if set != nil {
		return set, nil
	}
	if _, missing := os.Stat(filepath.Join(dir, config.CollectorFile)); errors.Is(missing, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s in %s; `dayline-collector --config %s config init` writes the first files",
			config.CollectorFile, dir, dir)
	}
	lines := make([]string, 0, len(problems)+1)
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	if len(problems) == 0 {
		lines = append(lines, err.Error())
	}
	return nil, errors.New("the configuration is not valid, and no earlier one is kept:\n  " + strings.Join(lines, "\n  "))
}
