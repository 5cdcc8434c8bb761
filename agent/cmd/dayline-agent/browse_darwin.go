package main

import (
	"fmt"
	"os/exec"
)

// browse opens the person's browser at an address (open(1)). The browser is told by the system, not by its command line.
func browse(address string) error {
	if err := exec.Command("/usr/bin/open", address).Run(); err != nil {
		return fmt.Errorf("no browser could be opened: %w", err)
	}
	return nil
}
