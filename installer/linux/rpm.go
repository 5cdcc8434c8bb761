package linux

import (
	"bytes"
	"fmt"
	"io/fs"

	"github.com/google/rpmpack"

	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/release"
)

// architectures are what rpm calls Go's.
var architectures = map[string]string{release.AMD64: "x86_64", release.ARM64: "aarch64"}

// RPM gives the package of Red Hat's kind.
func (p Package) RPM() ([]byte, error) {
	whole, err := p.rpm()
	if err != nil {
		return nil, fmt.Errorf("linux: rpm: %w", err)
	}
	return whole, nil
}

func (p Package) rpm() ([]byte, error) {
	tree, err := p.tree(release.RPM)
	if err != nil {
		return nil, err
	}
	r, err := rpmpack.NewRPM(rpmpack.RPMMetaData{
		Name: name, Version: p.ordered(), Release: "1", Arch: architectures[p.Arch], OS: "linux", Epoch: rpmpack.NoEpoch,
		Summary: "Dayline agent", Description: "Dayline agent: " + summary, Vendor: product.Publisher, URL: homepage,
		Licence: product.Publisher, BuildHost: "localhost", BuildTime: p.Built, Compressor: "gzip",
	})
	if err != nil {
		return nil, err
	}
	for _, e := range tree {
		mode := uint(e.mode.Perm())
		switch e.mode.Type() {
		case fs.ModeDir:
			mode |= 0o040000
		case fs.ModeSymlink:
			mode |= 0o120000
		}
		r.AddFile(rpmpack.RPMFile{Name: e.path, Mode: mode, Body: e.content, Owner: "root", Group: "root", MTime: uint32(p.Built.Unix())})
	}
	r.AddPostin(rpmPost)
	r.AddPreun(rpmPreun)
	var whole bytes.Buffer
	err = r.Write(&whole)
	return whole.Bytes(), err
}
