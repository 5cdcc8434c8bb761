// Package browsers drives real browsers on a virtual desktop: as companies install them, with policies and the extension they
// force, by the browsers' own protocols for automation and by key and pointer events.
package browsers

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	packer "github.com/dayline-project/dayline/installer/extension"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/rig"
)

// Computer is what browsers take for their computer's files: a folder of what the agent's installer wrote, laid over the
// machine's own, for these browsers alone. "" is this machine as it is.
type Computer string

// installing runs an installer whose files go to the folder $0, while the machine's own stay as they are. The service manager is
// one that says yes.
const installing = `set -e
mkdir -p "$0"
mount -t tmpfs tmpfs "$0"
for folder in /etc /usr/lib/mozilla; do
  mkdir -p "$0/upper$folder" "$0/work$folder"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$0/upper$folder,workdir=$0/work$folder" "$folder"
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/bin
printf '#!/bin/sh\n' >/run/bin/systemctl
chmod 755 /run/bin/systemctl
PATH="/run/bin:$PATH" "$@" >&2
tar -C "$0/upper" -c .
`

// browsing runs a browser with the folder $0 over the machine's. Without a writable layer it needs no file system that could
// hold one.
const browsing = `for folder in /etc /usr/lib/mozilla; do
  mount -t overlay overlay -o "lowerdir=$0$folder:$folder" "$folder" || exit 1
done
exec "$@"
`

// Install runs an installer on a new computer, whose files are kept below dir. Mounting is root's; the tests' machine gives it.
func Install(ctx context.Context, dir, program string, args ...string) (Computer, error) {
	files := filepath.Join(dir, "computer")
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `mkdir "$0" && unshare --mount sh -c "$@" | tar -C "$0" -x`, files, installing,
		filepath.Join(dir, "installing"), program}, args...)...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("browsers: install: %w: %s", err, output)
	}
	return Computer(files), nil
}

// command runs a program on the computer.
func (c Computer) command(program string, args ...string) process.Command {
	if c == "" {
		return process.Command{Path: program, Args: args}
	}
	return process.Command{Path: "unshare", Args: append([]string{"--mount", "sh", "-c", browsing, string(c), program}, args...)}
}

// Build builds the extension as this tree's programs believe it.
func Build() (packer.Files, packer.Packing, error) {
	by := packer.Packing{Built: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	file, err := rig.ExtensionKey()
	if err == nil {
		by.Key, err = packer.DevelopmentKey(file)
	}
	if err == nil {
		by.Version, err = release.ParseVersion("1.2.3")
	}
	if err != nil {
		return nil, by, fmt.Errorf("browsers: build the extension: %w", err)
	}
	files, err := packer.Build(by.Version)
	return files, by, err
}

// Deploy does what an administrator does: packs the extension, has a collector hand it out, and installs the agent on a computer
// whose browsers are to get it from there. Files go below dir.
func Deploy(ctx context.Context, bin rig.Binaries, collector *rig.Collector, dir string) (Computer, error) {
	files, by, err := Build()
	if err != nil {
		return "", err
	}
	packed := filepath.Join(dir, "extension")
	if _, err := files.Pack(packed, by); err != nil {
		return "", err
	}
	if _, err := collector.Run(ctx, "extension", "add", packed); err != nil {
		return "", err
	}
	return Install(ctx, dir, bin.Agent(), "install", "--extension", collector.Pages())
}
