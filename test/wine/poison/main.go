// Command poison is a release of the agent that does not work: it says its version, which the linker sets, and fails as a service.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

var version string

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(version)
		return
	}
	// Windows would start it again and again, which Wine does not.
	starts := filepath.Join(os.Getenv("SystemDrive")+`\`, "ProgramData", "Dayline", "agent", "update", "starts")
	if err := os.WriteFile(starts, []byte("..."), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(1)
}
