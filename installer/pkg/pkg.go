// Package pkg builds the agent's package for Macs on any system, as pkgbuild and productbuild do on theirs: a flat package, which
// is a xar archive of an application and of scripts, packed by cpio, and of what Installer has to know of them.
package pkg

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io/fs"
	"text/template"
	"time"

	"github.com/dayline-project/dayline/installer/app"
	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/shared/codesign"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// Location is the folder that the application goes into: nobody but administrators may change it, which is not so in
// /Applications.
const Location = "/Library/Dayline"

// component is the folder in a package that holds what is installed; the collector looks for its Scripts, too.
const component = "dayline.pkg"

// Texts of a package, filled in with about.
var (
	//go:embed PackageInfo
	packageInfo string
	//go:embed Distribution
	distribution string
	//go:embed preinstall
	preinstall string
	//go:embed postinstall
	postinstall string
)

// Package is what a package is made of.
type Package struct {
	Version release.Version
	// Built is the time of the commit.
	Built time.Time
	// Bundle is Dayline.app, signed or not.
	Bundle codesign.Files
	// Signer is nil for a package that nobody signed, into which a string can be stamped.
	Signer *macho.Signer
}

// Build gives the package. Equal arguments give equal bytes.
func (p Package) Build() ([]byte, error) {
	whole, err := p.build()
	if err != nil {
		return nil, fmt.Errorf("pkg: %w", err)
	}
	return whole, nil
}

func (p Package) build() ([]byte, error) {
	payload := append([]app.Member{{Path: ".", Mode: fs.ModeDir | 0o755}}, app.Members(p.Bundle)...)
	bill, err := bom(payload, p.Built)
	if err != nil {
		return nil, err
	}
	program, err := gzipped(cpio(payload, p.Built), gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	texts, err := p.texts(payload, packageInfo, distribution, preinstall, postinstall)
	if err != nil {
		return nil, err
	}
	// Not compressed, so that a string can be written into it, and be found in the whole package's file.
	scripts, err := gzipped(cpio([]app.Member{
		{Path: ".", Mode: fs.ModeDir | 0o755},
		{Path: "enroll", Mode: 0o600, Content: token.Reservation()},
		{Path: "postinstall", Mode: 0o755, Content: texts[3]},
		{Path: "preinstall", Mode: 0o755, Content: texts[2]},
	}, p.Built), gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	return archive([]file{
		{name: component, files: []file{
			{name: "Bom", content: bill},
			{name: "Payload", content: program, packed: true},
			{name: "Scripts", content: scripts, packed: true},
			{name: "PackageInfo", content: texts[0]},
		}},
		{name: "Distribution", content: texts[1]},
	}, p.Built, p.Signer)
}

// about is what the texts are filled in with.
type about struct {
	Version                                                        release.Version
	Identifier, App, Executable, Location, Component, MinimumMacOS string
	// Files and folders there are, and what they take.
	Files, Kilobytes int
}

func (p Package) texts(payload []app.Member, texts ...string) (filled [][]byte, err error) {
	a := about{Version: p.Version, Identifier: app.Identifier, App: app.Name, Executable: app.Executable, Location: Location,
		Component: component, MinimumMacOS: macho.MinimumMacOS, Files: len(payload)}
	for _, m := range payload {
		a.Kilobytes += (len(m.Content) + 1023) / 1024
	}
	for _, text := range texts {
		t, err := template.New("").Option("missingkey=error").Parse(text)
		if err != nil {
			return nil, err
		}
		var whole bytes.Buffer
		if err := t.Execute(&whole, a); err != nil {
			return nil, err
		}
		filled = append(filled, whole.Bytes())
	}
	return filled, nil
}

func gzipped(content []byte, level int) ([]byte, error) {
	var whole bytes.Buffer
	w, err := gzip.NewWriterLevel(&whole, level)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	return whole.Bytes(), err
}
