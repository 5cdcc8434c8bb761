// Command unit runs the Windows tests of packages under Wine, one package after the other, on a machine of its own.
// `test/house/wine` calls it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/dayline-project/dayline/test/wine"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := test(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
		os.Exit(1)
	}
}

// test runs `go test` with these further arguments: flags, packages.
func test(ctx context.Context, args []string) error {
	overlay, err := wine.Overlay(ctx)
	if err != nil {
		return err
	}
	machine, err := wine.Start(ctx)
	if err != nil {
		return err
	}
	defer machine.Close()
	// What hangs says where after two minutes. Vetting for Windows is test/house/cross's.
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-exec", "wine", "-overlay", overlay, "-count=1", "-p=1", "-vet=off", "-timeout=2m"}, args...)...)
	cmd.Env = append(machine.Env(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd.Run()
}
