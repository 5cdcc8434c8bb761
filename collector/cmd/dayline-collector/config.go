package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dayline-project/dayline/collector/config"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Check the configuration files and say what is wrong where."`
	Init  configInit  `cmd:"" help:"Write those of the configuration files that are not there, with their defaults."`
}

type configCheck struct{}

// Run prints every problem; warnings alone are no failure.
func (c *configCheck) Run(i *invocation) error {
	set, problems := config.Load(i.configDir)
	for _, p := range problems {
		fmt.Fprintln(i.err, p)
	}
	if set == nil {
		return fmt.Errorf("the configuration in %s is not valid", i.configDir)
	}
	_, err := fmt.Fprintf(i.out, "The configuration in %s is valid.\n", i.configDir)
	return err
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
