package link

import (
	"strings"

	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/unit"
)

// Shells that commands are for.
const (
	PowerShell = "powershell"
	Sh         = "sh"
)

// Command is one line that installs a package by a link, for an administrator to paste. It downloads the package as it was
// released, compares it, has the enrolment string in a file that nobody else reads, and installs.
//
// What comes from elsewhere is refused: by the certificate, whose key the command names where browsers do not know it, and by
// the package's hash. The link is in no process's arguments: the shell itself tells it to curl. Nothing goes into a shell.
type Command struct {
	release.Package
	Shell string
	Text  string
}

// Commands for packages, by the secret of a link's address.
func (d Door) Commands(secret string, packages []release.Package) []Command {
	var all []Command
	for _, p := range packages {
		c := Command{Package: p, Shell: Sh}
		if p.OS == release.Windows {
			c.Shell, c.Text = PowerShell, d.powerShell(secret, p)
		} else {
			c.Text = d.sh(secret, p)
		}
		all = append(all, c)
	}
	return all
}

// curl fetches what standard input names, and follows nowhere. -k goes with a pin alone, which then decides
// (https://curl.se/libcurl/c/CURLOPT_PINNEDPUBLICKEY.html); -q keeps the person's own settings out.
func (d Door) curl(program string) string {
	command := program + " -q -g -fsS --proto '=https' "
	if !d.Trusted() {
		command += "--pinnedpubkey '" + d.Key() + "' -k "
	}
	return command
}

// macAgent is where the package for Macs puts the program.
const macAgent = "/Library/Dayline/Dayline.app/Contents/MacOS/dayline-agent"

// sh is a line for any POSIX shell. The mask is the usual one again for what is installed. `(…)` is a shell of its own: nothing
// stays of it in the person's. The hash says whose the package is: rpm may be set to want a signature of somebody it knows, too.
func (d Door) sh(secret string, p release.Package) string {
	sum, install, agent := "sha256sum", "", unit.PackagedProgram
	switch p.Kind {
	case release.Pkg:
		sum, install, agent = "shasum -a 256", "$s installer -pkg ./{name} -target /", macAgent
	case release.Deb:
		install = "$s apt-get install -y ./{name}"
	case release.RPM:
		install = "$s rpm -U --nosignature --replacepkgs ./{name}"
	case release.Tar:
		install, agent = "tar -xzf {name} && $s sh ./"+strings.TrimSuffix(p.Name, "."+release.Tar)+"/install.sh", unit.UnpackedProgram
	}
	return fill(`(umask 077; u='{address}'; g() { printf 'url = "%s/%s"\n' "$u" "$1" | {curl}-o "$2" -K -; }; `+
		`s=; [ "$(id -u)" = 0 ] || s=sudo; d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT && cd "$d" && `+
		`g packages/{name} {name} && echo '{sha256}  {name}' | {sum} -c - && g enroll enroll && umask 022 && `+
		`{install} && $s {agent} enroll --at-start --file enroll)`,
		"{install}", install, "{agent}", agent, "{sum}", sum, "{curl}", d.curl("curl"), "{address}", d.Address(secret), "{name}", p.Name, "{sha256}", p.SHA256)
}

// powerShell is a line for Windows PowerShell 5.1 and later, run as administrator. Its folder is below Program Files, where
// nobody else writes, and then nobody else's to read. A file there tells curl.exe the address: what 5.1 pipes to a program begins
// with a mark of UTF-8, whatever $OutputEncoding says, where that is the console's (https://github.com/dotnet/corefx/issues/35950).
// Before 7.58.1 curl.exe passed over a pin, and -k would be all that is left
// (https://curl.se/libcurl/c/CURLOPT_PINNEDPUBLICKEY.html).
func (d Door) powerShell(secret string, p release.Package) string {
	old := ""
	if !d.Trusted() {
		old = `if ([version](-split (curl.exe -V)[0])[1] -lt [version]'7.58.1') { throw 'curl.exe is too old to recognise the collector' }; `
	}
	return fill(`& { $ErrorActionPreference = 'Stop'; $u = '{address}'; `+
		`function g($from, $to) { Set-Content -Encoding Ascii "$d\url" ('url = "' + $u + '/' + $from + '"'); {curl}-o $to -K "$d\url"; if ($LASTEXITCODE) { throw "curl.exe: $LASTEXITCODE" } }; {old}`+
		`$d = Join-Path $env:ProgramFiles ('dayline-' + [guid]::NewGuid()); $null = New-Item -ItemType Directory $d; `+
		`try { $null = icacls.exe $d /inheritance:r /grant '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F'; if ($LASTEXITCODE) { throw "icacls.exe: $LASTEXITCODE" }; `+
		`g 'packages/{name}' "$d\{name}"; if ((Get-FileHash -Algorithm SHA256 "$d\{name}").Hash -ne '{sha256}') { throw 'the package is not the one that was released' }; `+
		`g 'enroll' "$d\enroll"; $p = Start-Process msiexec.exe -Wait -PassThru -ArgumentList ('/i "' + $d + '\{name}" /qn /norestart'); `+
		`if ($p.ExitCode -notin 0, 1641, 3010) { throw "msiexec.exe: $($p.ExitCode)" }; `+
		`& "$env:ProgramW6432\Dayline\dayline-agent.exe" enroll --at-start --file "$d\enroll"; if ($LASTEXITCODE) { throw "dayline-agent.exe: $LASTEXITCODE" } } finally { Remove-Item -Recurse -Force $d } }`,
		"{old}", old, "{curl}", d.curl("curl.exe"), "{address}", d.Address(secret), "{name}", p.Name, "{sha256}", p.SHA256)
}

// fill puts values in the place of names in braces, in turn: a value may hold the names after it. What is filled in are an
// address and a version that were checked, and digits: nothing that ends a quoting, and no braces.
func fill(text string, namesAndValues ...string) string {
	for i := 0; i < len(namesAndValues); i += 2 {
		text = strings.ReplaceAll(text, namesAndValues[i], namesAndValues[i+1])
	}
	return text
}
