// Command mkinstaller builds the packages that install the agent and the browser extension, each kind by a subcommand of its own,
// and makes the certificate and the key that they are signed with.
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
	"github.com/dayline-project/dayline/shared/release"
)

// How the command ends.
const (
	done        = 0
	failed      = 1
	usedWrongly = 2
)

// kind is one kind of what is made; build gives the paths of the finished files and tells on o.notes what else is worth
// knowing.
type kind struct {
	name, usage string
	// flags it takes.
	flags []string
	build func(ctx context.Context, o options) (paths []string, err error)
}

var kinds = []kind{
	{"exe", "dayline-agent.exe alone, with its resources", []string{"version", "built", "arch", "sign", "password-file", "timestamp", "extension-key", "store-ids", "release-keys", "to"}, buildExe},
	{"msi", "Windows Installer, and the program in it as .zst, an update", []string{"version", "built", "arch", "sign", "password-file", "timestamp", "extension-key", "store-ids", "release-keys", "to"}, buildMSI},
	{"linux", "packages for Linux: .deb, .rpm and .tar.gz, and the program in them as .zst, an update", []string{"version", "built", "arch", "extension-key", "store-ids", "release-keys", "to"}, buildLinux},
	{"app", "Dayline.app for Macs, as .pkg, as .tar.gz, an update, and as .zip", []string{"version", "built", "sign", "sign-package", "password-file", "extension-key", "store-ids", "release-keys", "to"}, buildApp},
	{"manifest", "release.json, which lists the packages of a version in a folder", []string{"version", "built", "min-version", "to"}, makeManifest},
	{"certificate", "a certificate of your own that signs Dayline.app", []string{"name", "password-file", "out"}, makeCertificate},
	{"extension-key", "the key that the browser extension is packed with", []string{"out"}, makeExtensionKey},
	{"link-flags", "what the linker is told so that a program believes an extension's key and those of releases", []string{"extension-key", "store-ids", "release-keys"}, tellLinkFlags},
	{"extension", "the browser extension, packed and signed", []string{"version", "built", "key", "xpi", "unpacked", "to"}, buildExtension},
}

// options are what is made by; those whose flag a kind does not take are empty.
type options struct {
	version release.Version
	built   time.Time
	arch    string
	// folder takes the packages.
	folder string
	// sign is a PKCS#12 file; empty for a Mac's ad hoc signature, or none.
	sign         string
	passwordFile string
	// signPackage is one for a Mac's package, with the same password; empty for none.
	signPackage string
	// timestamp is where an authority says when it was signed.
	timestamp string
	// name and out are the certificate's owner and file.
	name, out string
	// key is the file of the private key that packs an extension, xpi that of the extension as Mozilla signed it, unpacked a folder.
	key, xpi, unpacked string
	// extensionKey is the file of either half of the key whose extension is believed, storeIDs what stores call it.
	extensionKey, storeIDs string
	// releaseKeys is the file of the keys that releases are trusted by; empty for none.
	releaseKeys string
	// minVersion is the oldest version that may become the release; empty for any.
	minVersion string
	notes      io.Writer
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
	o, err := parse(kinds[i], args[1:], stderr)
	if errors.Is(err, flag.ErrHelp) {
		return done
	}
	if err != nil {
		fmt.Fprintf(stderr, "mkinstaller: %v\n", err)
		return usedWrongly
	}
	o.notes = stderr
	paths, err := kinds[i].build(ctx, o)
	if err != nil {
		fmt.Fprintf(stderr, "mkinstaller: %v\n", err)
		return failed
	}
	for _, path := range paths {
		fmt.Fprintln(stdout, path)
	}
	return done
}

func help(w io.Writer) {
	fmt.Fprint(w, "Usage: mkinstaller KIND …\n\n")
	for _, k := range kinds {
		fmt.Fprintf(w, "  %-15s%s\n", k.name, k.usage)
	}
	fmt.Fprint(w, "\nmkinstaller KIND -h tells what a kind takes.\n")
}

func parse(k kind, args []string, stderr io.Writer) (options, error) {
	o := options{}
	var version, built string
	texts := []struct {
		into                *string
		name, preset, usage string
	}{
		{&version, "version", "", "the semantic version, as 1.2.3 or 1.2.3-rc.1"},
		{&built, "built", "", "the time of the commit, RFC 3339: the only time in the package"},
		{&o.arch, "arch", "amd64", "the processor: amd64 or arm64"},
		{&o.folder, "to", ".build/installers", "the folder for the package"},
		{&o.sign, "sign", "", "a PKCS#12 file with the certificate to sign with, your own or one that systems trust (of Apple's a Developer ID); without it a Mac's is signed ad hoc, the others are not"},
		{&o.signPackage, "sign-package", "", "a PKCS#12 file with the certificate to sign the .pkg with: a Developer ID Installer, or one of your own that the Macs were told to trust; its password is that of -sign's file"},
		{&o.passwordFile, "password-file", "", "the file that holds the PKCS#12 file's password; else it is the environment's " + passwordVariable},
		{&o.timestamp, "timestamp", "", "the `URL` of a timestamp authority (RFC 3161), for signatures that outlive their certificate"},
		{&o.name, "name", "", "who signs: what the certificate is called"},
		{&o.out, "out", "", "the file to write: keep it off-line, with a copy, for as long as there are devices that know it"},
		{&o.key, "key", "", "the file of extension-key"},
		{&o.xpi, "xpi", "", "the extension as Mozilla signed it, of the same sources and version; else Firefox takes it only without signatures"},
		{&o.unpacked, "unpacked", "", "also write it into this folder as developers load it"},
		{&o.extensionKey, "extension-key", "", "the file of extension-key, or its public half: agents believe the browser extension that it packs; without it they believe none of Chromium's kind"},
		{&o.storeIDs, "store-ids", "", "what the stores call their listings of the extension, with commas between"},
		{&o.releaseKeys, "release-keys", "", "the newest file of trusted keys that `dayline-collector release keygen` made; without it no release is trusted"},
		{&o.minVersion, "min-version", "", "the oldest version that may become this one by an update; without it any may"},
	}
	flags := flag.NewFlagSet("mkinstaller "+k.name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "Usage: mkinstaller %s …\n%s\n\n", k.name, k.usage)
		flags.PrintDefaults()
	}
	for _, t := range texts {
		if slices.Contains(k.flags, t.name) {
			flags.StringVar(t.into, t.name, t.preset, t.usage)
		}
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%s: too many arguments", flags.Arg(0))
	}
	takes := func(name string) bool { return flags.Lookup(name) != nil }
	if takes("arch") && !slices.Contains([]string{"amd64", "arm64"}, o.arch) {
		return o, fmt.Errorf("-arch %q is neither amd64 nor arm64", o.arch)
	}
	var err error
	if o.version, err = release.ParseVersion(version); takes("version") && err != nil {
		return o, fmt.Errorf("-version: %w", err)
	}
	if o.built, err = time.Parse(time.RFC3339, built); takes("built") && err != nil {
		return o, fmt.Errorf("-built: %w", err)
	}
	if takes("name") && (o.out == "" || o.name == "") {
		return o, errors.New("-out and -name are missing")
	}
	if takes("out") && o.out == "" {
		return o, errors.New("-out is missing")
	}
	if takes("key") && o.key == "" {
		return o, errors.New("-key is missing: make one with `mkinstaller extension-key`")
	}
	return o, nil
}

// write puts a finished package in its place; target is its system and processor.
func (o options) write(target, ending string, whole []byte) (string, error) {
	if err := os.MkdirAll(o.folder, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(o.folder, strings.Join([]string{"dayline-agent", o.version.String(), target}, "-")+ending)
	return path, replace(path, whole)
}

// writeUpdate puts a program in its place as what agents update themselves by.
func (o options) writeUpdate(target string, program []byte) (string, error) {
	whole, err := product.Compress(program)
	if err != nil {
		return "", err
	}
	return o.write(target, "."+release.Zst, whole)
}

// replace puts a file in its place, whole or not at all.
func replace(path string, whole []byte) error {
	if err := os.WriteFile(path+".part", whole, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
