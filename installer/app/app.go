// Package app builds Dayline.app, the bundle that macOS knows the agent by: daemon and session agent are its one program.
package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
)

// What macOS knows the agent by. Whoever was given a permission under another identifier has to be given it again.
const (
	Name       = "Dayline.app"
	Identifier = "org.dayline.agent"
	Executable = "dayline-agent"
)

const icon = "Dayline.icns"

// App is what an application is made of.
type App struct {
	Version release.Version
	// Built is the time of the commit.
	Built time.Time
	// Believed is whom it believes.
	Believed product.Believed
	// Signer is nil for an ad hoc signature, with which macOS takes each version for another program.
	Signer *macho.Signer
}

// Link links the agent for both kinds of Macs.
func (a App) Link(ctx context.Context) (amd64, arm64 []byte, err error) {
	if amd64, err = product.Link(ctx, "darwin", "amd64", a.Version, a.Built, a.Believed); err != nil {
		return nil, nil, fmt.Errorf("app: %w", err)
	}
	if arm64, err = product.Link(ctx, "darwin", "arm64", a.Version, a.Built, a.Believed); err != nil {
		return nil, nil, fmt.Errorf("app: %w", err)
	}
	return amd64, arm64, nil
}

// Build gives the bundle around the agent's two programs, and the identity that macOS will know it by. Equal arguments
// give equal bytes. What it gives was checked as a Mac would.
func (a App) Build(amd64, arm64 []byte) (codesign.Files, codesign.Identity, error) {
	files, err := a.build(amd64, arm64)
	if err != nil {
		return nil, codesign.Identity{}, fmt.Errorf("app: %w", err)
	}
	id, err := a.check(files)
	if err != nil {
		return nil, codesign.Identity{}, fmt.Errorf("app: what was built is no good: %w", err)
	}
	return files, id, nil
}

func (a App) build(amd64, arm64 []byte) (codesign.Files, error) {
	drawn, err := drawIcon()
	if err != nil {
		return nil, err
	}
	files := codesign.Files{"Contents/Resources/" + icon: drawn}
	if files[codesign.InfoPlist], err = a.infoPlist(); err != nil {
		return nil, err
	}
	if files[codesign.CodeResources], err = codeResources(files); err != nil {
		return nil, err
	}
	seal := macho.Seal{Identifier: Identifier, InfoPlist: files[codesign.InfoPlist], Resources: files[codesign.CodeResources], Signer: a.Signer, At: a.Built}
	var thin [2][]byte
	for i, program := range [][]byte{amd64, arm64} {
		if thin[i], err = seal.Sign(program); err != nil {
			return nil, err
		}
	}
	files[codesign.Executables+Executable], err = macho.Universal(thin[0], thin[1])
	return files, err
}

// check reads back what was built.
func (a App) check(files codesign.Files) (codesign.Identity, error) {
	if err := macho.Check(files[codesign.Executables+Executable]); err != nil {
		return codesign.Identity{}, err
	}
	id, err := codesign.CheckBundle(files)
	if err != nil {
		return id, err
	}
	if id.Identifier != Identifier || id.AdHoc != (a.Signer == nil) {
		return id, errors.New("it has another identity than it was given")
	}
	if a.Signer == nil {
		return id, nil
	}
	wanted, err := a.Signer.Requirement(Identifier).Text()
	if err == nil && (id.Requirement != wanted || id.Team != a.Signer.Team()) {
		err = errors.New("it requires another signer than its own")
	}
	return id, err
}
