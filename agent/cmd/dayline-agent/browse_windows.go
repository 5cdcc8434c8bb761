package main

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// browse opens the person's browser at an address, as the shell does with one that is clicked (ShellExecuteW). Other
// accounts cannot read the browser's command line here.
func browse(address string) error {
	verb, err := windows.UTF16PtrFromString("open")
	if err != nil {
		return err
	}
	page, err := windows.UTF16PtrFromString(address)
	if err != nil {
		return err
	}
	if err := windows.ShellExecute(0, verb, page, nil, nil, windows.SW_SHOWNORMAL); err != nil {
		return fmt.Errorf("no browser could be opened: %w", err)
	}
	return nil
}
