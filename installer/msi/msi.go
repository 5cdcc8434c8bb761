// Package msi builds the agent's Windows Installer package on any system that has wixl and msibuild (msitools).
package msi

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/dayline-project/dayline/installer/exe"
	"github.com/dayline-project/dayline/installer/product"
	"github.com/dayline-project/dayline/shared/token"
)

//go:embed dayline.wxs
var source string

var sourceTemplate = template.Must(template.New("dayline.wxs").Parse(source))

// Package is what an MSI is made of.
type Package struct {
	Agent exe.Agent
	// Executable is the agent's, signed or not.
	Executable []byte
}

// Build gives the package. Equal contents, times and tools give equal bytes: what wixl takes from the clock or from
// chance is replaced.
//
// Its product code comes from what it installs: the same file repairs, any other of the same version upgrades.
func (p Package) Build(ctx context.Context) ([]byte, error) {
	scratch, err := os.MkdirTemp("", "dayline-msi-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	if err := p.lay(scratch); err != nil {
		return nil, fmt.Errorf("msi: %w", err)
	}
	// wixl knows no Arm64; nothing but the summary tells one from the other.
	if err := run(ctx, scratch, "wixl", "--arch", "x64", "--output", "package.msi", "dayline.wxs"); err != nil {
		return nil, fmt.Errorf("msi: %w", err)
	}
	if err := run(ctx, scratch, "msibuild", append([]string{"package.msi", "-q"}, p.amendments()...)...); err != nil {
		return nil, fmt.Errorf("msi: %w", err)
	}
	whole, err := os.ReadFile(filepath.Join(scratch, "package.msi"))
	if err != nil {
		return nil, err
	}
	// The file's own blocks could have parted it.
	if bytes.Count(whole, token.Reservation()) != 1 {
		return nil, errors.New("msi: the room for an enrolment string is not in one piece")
	}
	if err := p.stamp(whole); err != nil {
		return nil, fmt.Errorf("msi: summary: %w", err)
	}
	return whole, nil
}

// lay writes into a folder what wixl reads.
func (p Package) lay(folder string) error {
	if p.Agent.Arch != "amd64" && p.Agent.Arch != "arm64" {
		return fmt.Errorf("no package for the processor %q", p.Agent.Arch)
	}
	icon, err := exe.Icon()
	if err != nil {
		return err
	}
	var drawn bytes.Buffer
	if err := icon.SaveICO(&drawn); err != nil {
		return err
	}
	text, err := p.source()
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"dayline.wxs": text, "dayline.ico": drawn.Bytes(), "enrolment": token.Reservation(), exe.Name: p.Executable} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
		// The cabinet tells it.
		if err := os.Chtimes(path, p.Agent.Built, p.Agent.Built); err != nil {
			return err
		}
	}
	return nil
}

// source is filled in twice: the product code comes from all else.
func (p Package) source() ([]byte, error) {
	fields := struct {
		exe.Agent
		Publisher, ProductCode, Next string
	}{Agent: p.Agent, Publisher: product.Publisher, Next: p.Agent.Version.NextProduct()}
	var text bytes.Buffer
	if err := sourceTemplate.Execute(&text, fields); err != nil {
		return nil, err
	}
	fields.ProductCode = guid(text.Bytes(), p.Executable)
	text.Reset()
	err := sourceTemplate.Execute(&text, fields)
	return text.Bytes(), err
}

// amendments say what wixl knows no words for. The file's version lets a repair keep a newer executable, and such a
// file has no hash (https://learn.microsoft.com/windows/win32/msi/msifilehash-table). 32768 lets no installation succeed
// without the service (https://learn.microsoft.com/windows/win32/msi/serviceinstall-table). What may be given is for whoever
// may elevate, too. 8192 keeps the command line with the string out of logs
// (https://learn.microsoft.com/windows/win32/msi/custom-action-hidden-target-option). The folder joins the computer's path, since
// what people are told to type begins with dayline-agent, and leaves it with the package
// (https://learn.microsoft.com/windows/win32/msi/environment-table). What updates left beside the executable goes with it, though
// somebody hold it until the computer starts anew (https://learn.microsoft.com/windows/win32/msi/removefile-table).
func (p Package) amendments() []string {
	return []string{
		"UPDATE File SET Version='" + p.Agent.Version.FileText() + "', Language='1033' WHERE File='Executable'",
		"DROP TABLE MsiFileHash",
		"UPDATE ServiceInstall SET ErrorControl=32768",
		"UPDATE CustomAction SET Type=11346 WHERE Action='KeepString'",
		"UPDATE Property SET Value='OLDERFOUND;NEWERFOUND;KEEPDATA;ENROLL;ENROLL_FILE;IMAGE' WHERE Property='SecureCustomProperties'",
		"CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, " +
			"`Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)",
		"INSERT INTO Environment (Environment, Name, Value, Component_) VALUES ('Path', '=-*Path', '[~];[INSTALLDIR]', 'Agent')",
		"INSERT INTO RemoveFile (FileKey, Component_, FileName, DirProperty, InstallMode) VALUES ('Watcher', 'Agent', 'watcher.exe|dayline-agent-watcher.exe*', 'INSTALLDIR', 2)",
		"INSERT INTO RemoveFile (FileKey, Component_, FileName, DirProperty, InstallMode) VALUES ('Former', 'Agent', 'former.*|.dayline-agent.exe.*', 'INSTALLDIR', 2)",
		"INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('RemoveEnvironmentStrings', 3300)",
		"INSERT INTO InstallExecuteSequence (Action, Sequence) VALUES ('WriteEnvironmentStrings', 5200)",
	}
}

// run fails when the tool says anything at all: wixl drops what it does not know with a warning.
func run(ctx context.Context, folder, tool string, arguments ...string) error {
	command := exec.CommandContext(ctx, tool, arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8")
	output, err := command.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s is missing: install wixl and msitools", tool)
	}
	if err == nil && len(output) > 0 {
		err = errors.New("it warned")
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(string(output)))
	}
	return nil
}

// guid gives a UUID that stands for these contents (RFC 9562, version 8), as Windows Installer writes it.
func guid(contents ...[]byte) string {
	hash := sha256.New()
	for _, content := range contents {
		fmt.Fprintf(hash, "%d:", len(content))
		hash.Write(content)
	}
	id := hash.Sum(nil)[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return fmt.Sprintf("{%X-%X-%X-%X-%X}", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
