// Package pkg builds the agent's package for Macs on any system, as pkgbuild and productbuild do on theirs: a flat package, which
// is a xar archive of an application and of scripts, packed by cpio, and of what Installer has to know of them.
package pkg

import (
	"bytes"
	"compress/gzip"
	"embed"
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

// component is the folder in a package that holds what is installed.
const component = "dayline.pkg"

// texts of a package, filled in with about; by these names.
//
//go:embed PackageInfo Distribution preinstall postinstall conclusion.en.html conclusion.de.html
var texts embed.FS

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
	text, err := p.fill(payload)
	if err != nil {
		return nil, err
	}
	// Not compressed, so that a string can be written into it, and be found in the whole package's file.
	scripts, err := gzipped(cpio([]app.Member{
		{Path: ".", Mode: fs.ModeDir | 0o755},
		{Path: "enroll", Mode: 0o600, Content: token.Reservation()},
		{Path: "postinstall", Mode: 0o755, Content: text["postinstall"]},
		{Path: "preinstall", Mode: 0o755, Content: text["preinstall"]},
	}, p.Built), gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	return archive([]file{
		{name: component, files: []file{
			{name: "Bom", content: bill},
			{name: "Payload", content: program, packed: true},
			{name: "Scripts", content: scripts, packed: true},
			{name: "PackageInfo", content: text["PackageInfo"]},
		}},
		{name: "Distribution", content: text["Distribution"]},
		{name: "Resources", files: []file{
			{name: "en.lproj", files: []file{{name: "conclusion.html", content: text["conclusion.en.html"]}}},
			{name: "de.lproj", files: []file{{name: "conclusion.html", content: text["conclusion.de.html"]}}},
		}},
	}, p.Built, p.Signer)
}

// about is what the texts are filled in with.
type about struct {
	Version                                                        release.Version
	Identifier, App, Executable, Location, Component, MinimumMacOS string
	// Files and folders there are, and what they take.
	Files, Kilobytes int
}

// fill gives the texts for what is installed.
func (p Package) fill(payload []app.Member) (map[string][]byte, error) {
	a := about{Version: p.Version, Identifier: app.Identifier, App: app.Name, Executable: app.Executable, Location: Location,
		Component: component, MinimumMacOS: macho.MinimumMacOS, Files: len(payload)}
	for _, m := range payload {
		a.Kilobytes += (len(m.Content) + 1023) / 1024
	}
	all, err := template.ParseFS(texts, "*")
	if err != nil {
		return nil, err
	}
	filled := map[string][]byte{}
	for _, t := range all.Templates() {
		var whole bytes.Buffer
		if err := t.Execute(&whole, a); err != nil {
			return nil, err
		}
		filled[t.Name()] = whole.Bytes()
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
