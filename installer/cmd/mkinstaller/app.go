package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/dayline-project/dayline/installer/app"
	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/installer/pkg"
	"github.com/dayline-project/dayline/shared/codesign"
)

// passwordVariable of the environment; everybody on a computer may see what stands on a command line.
const passwordVariable = "DAYLINE_SIGNING_PASSWORD"

// password gives that of the PKCS#12 file.
func (o options) password() (string, error) {
	password := os.Getenv(passwordVariable)
	if o.passwordFile != "" {
		content, err := os.ReadFile(o.passwordFile)
		if err != nil {
			return "", err
		}
		password = strings.TrimRight(string(content), "\r\n")
	}
	if password == "" {
		return "", errors.New("there is no password: give -password-file or set " + passwordVariable)
	}
	return password, nil
}

// signer opens a PKCS#12 file; no file is no signer.
func (o options) signer(name string, open func(file []byte, password string) (*macho.Signer, error)) (*macho.Signer, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	return open(file, password)
}

func buildApp(ctx context.Context, o options) ([]string, error) {
	// Before minutes are spent on linking.
	signer, err := o.signer(o.sign, macho.OpenSigner)
	if err != nil {
		return nil, err
	}
	packageSigner, err := o.signer(o.signPackage, macho.OpenPackageSigner)
	if err != nil {
		return nil, err
	}
	believed, err := o.believed()
	if err != nil {
		return nil, err
	}
	a := app.App{Version: o.version, Built: o.built, Believed: believed, Signer: signer}
	amd64, arm64, err := a.Link(ctx)
	if err != nil {
		return nil, err
	}
	files, id, err := a.Build(amd64, arm64)
	if err != nil {
		return nil, err
	}
	installer := func(files codesign.Files, at time.Time) ([]byte, error) {
		return pkg.Package{Version: o.version, Built: at, Bundle: files, Signer: packageSigner}.Build()
	}
	var paths []string
	for _, form := range []struct {
		ending string
		pack   func(codesign.Files, time.Time) ([]byte, error)
	}{{".pkg", installer}, {".tar.gz", app.TarGz}, {".zip", app.Zip}} {
		whole, err := form.pack(files, o.built)
		if err != nil {
			return nil, err
		}
		path, err := o.write("macos-universal", form.ending, whole)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	if id.AdHoc {
		fmt.Fprintln(o.notes, "mkinstaller: signed by nobody (ad hoc): macOS takes each version for another program and forgets its permissions, and no profile can grant them. Give -sign, with a certificate of `mkinstaller certificate` or a Developer ID.")
	} else {
		fmt.Fprintln(o.notes, "mkinstaller: macOS knows it by:", id.Requirement)
	}
	return paths, nil
}

// makeCertificate never replaces a file: with another certificate every Mac forgets the agent's permissions.
func makeCertificate(_ context.Context, o options) ([]string, error) {
	password, err := o.password()
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(o.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists: with another certificate every Mac forgets the agent's permissions", o.out)
	}
	if err != nil {
		return nil, err
	}
	whole, err := macho.NewCertificate(o.name, password, time.Now())
	if err == nil {
		_, err = file.Write(whole)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(o.out)
		return nil, err
	}
	return []string{o.out}, nil
}
