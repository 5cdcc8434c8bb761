// Command mkinstaller builds the packages that install the agent, each kind by a subcommand of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dayline-project/dayline/installer/product"
)

// How the command ends.
const (
	done        = 0
	failed      = 1
	usedWrongly = 2
)

// kind is one kind of package; build gives the path of the finished file.
type kind struct {
	name, usage string
	build       func(ctx context.Context, o options) (path string, err error)
}

var kinds = []kind{
	{"exe", "dayline-agent.exe alone, with its resources", buildExe},
	{"msi", "Windows Installer", buildMSI},
}

// options are what every kind is built by.
type options struct {
	version product.Version
	built   time.Time
	arch    string
	// folder takes the packages.
	folder string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func dispatch(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		help(stderr)
		return usedWrongly
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == args[0] })
	if i < 0 {
		help(stderr)
		return usedWrongly
	}
	o, err := parse(args[0], args[1:], stderr)
	if errors.Is(err, flag.ErrHelp) {
		return done
	}
	if err != nil {
		fmt.Fprintf(stderr, "mkinstaller: %v\n", err)
		return usedWrongly
	}
	path, err := kinds[i].build(ctx, o)
	if err != nil {
		fmt.Fprintf(stderr, "mkinstaller: %v\n", err)
		return failed
	}
	fmt.Fprintln(stdout, path)
	return done
}

func help(w io.Writer) {
	fmt.Fprint(w, "Usage: mkinstaller KIND -version V -built TIME [-arch A] [-to DIR]\n\n")
	for _, k := range kinds {
		fmt.Fprintf(w, "  %-4s %s\n", k.name, k.usage)
	}
}

func parse(name string, args []string, stderr io.Writer) (options, error) {
	flags := flag.NewFlagSet("mkinstaller "+name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	version := flags.String("version", "", "the semantic version, as 1.2.3 or 1.2.3-rc.1")
	built := flags.String("built", "", "the time of the commit, RFC 3339: the only time in the package")
	o := options{}
	flags.StringVar(&o.arch, "arch", "amd64", "the processor: amd64 or arm64")
	flags.StringVar(&o.folder, "to", ".build/installers", "the folder for the package")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%s: too many arguments", flags.Arg(0))
	}
	if !slices.Contains([]string{"amd64", "arm64"}, o.arch) {
		return o, fmt.Errorf("-arch %q is neither amd64 nor arm64", o.arch)
	}
	var err error
	if o.version, err = product.ParseVersion(*version); err != nil {
		return o, fmt.Errorf("-version: %w", err)
	}
	if o.built, err = time.Parse(time.RFC3339, *built); err != nil {
		return o, fmt.Errorf("-built: %w", err)
	}
	return o, nil
}

// write puts a finished package in its place, whole or not at all.
func (o options) write(ending string, whole []byte) (string, error) {
	if err := os.MkdirAll(o.folder, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(o.folder, strings.Join([]string{"dayline-agent", o.version.String(), "windows", o.arch}, "-")+ending)
	if err := os.WriteFile(path+".part", whole, 0o644); err != nil {
		return "", err
	}
	return path, os.Rename(path+".part", path)
}
