// Command former reads an agent's state folder as the release before this one did, and prints what it found as JSON. It is that
// release's reading side, frozen: an update that is taken back leaves the folder to it, so whatever this tree writes there it has to
// understand. Tests write by this tree and read by former; it is part of nothing that is handed out.
//
// It is renewed at each release, when the tree that was released becomes the one before, and only then: check.go from buffer/check.go,
// buffer.go from buffer/{open,row,checkpoint,span,pause}.go, record.go from shared/stream/record.go, state.go from
// settings/store.go, shared/settings/device.go, enroll/identity.go, uplink/trust.go, service/logins.go and update/marker.go. So is
// testdata, which is a folder that release left: `go test ./agent/internal/former -renew`. What it is frozen at: 0.1.0.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: former STATE")
		os.Exit(2)
	}
	found, err := Read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "former:", err)
		os.Exit(1)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, "former:", err)
		os.Exit(1)
	}
}
