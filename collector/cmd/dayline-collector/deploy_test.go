package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"howett.net/plist"

	"github.com/dayline-project/dayline/collector/shelf/shelftest"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
)

// deployed are the files that an administrator gets for a management, by name.
func deployed(t *testing.T, p *collectorProcess, management string, args ...string) map[string][]byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), management)
	printed := strings.Fields(p.must(append([]string{"deploy", management, "--to", dir, "--organization", "Exämple & Sons"}, args...)...))
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: others may read it: %v", name, err)
		}
		if entry.IsDir() {
			return nil
		}
		if !slices.Contains(printed, name) {
			t.Errorf("%s is not printed", name)
		}
		below, _ := filepath.Rel(dir, name)
		files[below], err = os.ReadFile(name)
		return err
	})
	if err != nil || len(files) != len(printed) {
		t.Fatalf("%d files, printed %d: %v", len(files), len(printed), err)
	}
	return files
}

var carried = regexp.MustCompile(`\bdl1[a-z2-7]{40,}\b`)

// Each management's files are whole and of this installation; the string is where it has to be, and the agent has it from there.
func TestDeployment(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	for _, c := range []struct {
		args, words string
		code        int
	}{
		{"deploy gpo", "release add", exitFailed},
		{"deploy jamf --organization A", "release add", exitFailed},
		{"deploy gpo --requirement x", "intune and jamf", exitUsage},
		{"deploy sccm", "gpo", exitUsage},
	} {
		if code, _, words := p.command(append(strings.Fields(c.args), "--to", filepath.Join(t.TempDir(), "none"))...); code != c.code || !strings.Contains(words, c.words) {
			t.Errorf("%s: %d %s", c.args, code, words)
		}
	}
	released := unpack(t, shelftest.Released(t, "1.2.3", release.Windows, release.MacOS, release.Linux))
	p.must("release", "add", released)
	refused := filepath.Join(t.TempDir(), "refused")
	if code, _, words := p.command("deploy", "gpo", "--to", refused, "--expires", "1m"); code == 0 {
		t.Error(words)
	}
	if _, err := os.Stat(refused); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was refused left its folder: %v", err)
	}

	if code, _, words := p.command("deploy", "jamf", "--to", refused, "--organization", "A"); code != exitFailed || !strings.Contains(words, "macos-universal.pkg") {
		t.Errorf("without a signature: %d %s", code, words)
	}

	for _, c := range []struct {
		management string
		args       []string
		// secret are the files with a string in them.
		secret, packages []string
	}{
		{"gpo", nil, []string{"enrollment-string.txt"}, []string{"dayline-agent-1.2.3-windows-amd64.msi", "dayline-agent-1.2.3-windows-arm64.msi"}},
		{"intune", nil, []string{"windows/enroll"}, []string{"windows/dayline-agent-1.2.3-windows-amd64.msi", "windows/dayline-agent-1.2.3-windows-arm64.msi"}},
		{"intune", []string{"--requirement", requirement}, []string{"macos/profiles/dayline-enrollment.mobileconfig", "windows/enroll"},
			[]string{"macos/dayline-agent-1.2.3-macos-universal.pkg", "windows/dayline-agent-1.2.3-windows-amd64.msi", "windows/dayline-agent-1.2.3-windows-arm64.msi"}},
		{"jamf", []string{"--requirement", requirement}, []string{"profiles/dayline-enrollment.mobileconfig", "scripts/enroll.sh"}, []string{"dayline-agent-1.2.3-macos-universal.pkg"}},
		{"munki", nil, []string{"pkgsinfo/dayline-agent.plist"}, []string{"pkgs/dayline-agent-1.2.3-macos-universal.pkg"}},
		{"ansible", nil, []string{"roles/dayline_agent/vars/enrollment.yml"},
			[]string{"roles/dayline_agent/files/dayline-agent-1.2.3-linux-amd64.rpm", "roles/dayline_agent/files/dayline-agent-1.2.3-linux-arm64.rpm"}},
	} {
		t.Run(c.management, func(t *testing.T) {
			files := deployed(t, p, c.management, append(c.args, "--expires", "2h", "--max", "7")...)
			for _, name := range c.packages {
				original, err := os.ReadFile(filepath.Join(released, filepath.Base(name)))
				if err != nil || !bytes.Equal(files[name], original) {
					t.Errorf("%s is not the package of the release: %v", name, err)
				}
			}
			var secret []string
			for name, content := range files {
				if slices.Contains(c.packages, name) {
					continue
				}
				for _, text := range carried.FindAllString(string(content), -1) {
					if given, err := token.Parse(text); err != nil || len(given.Secret) == 0 {
						t.Errorf("%s: %v", name, err)
					}
					secret = append(secret, name)
				}
				wellFormed(t, name, content)
				if bytes.Contains(content, []byte("[[")) || bytes.Contains(content, []byte("<no value>")) || bytes.Contains(content, []byte("ENROLL=")) {
					t.Errorf("%s: %s", name, content)
				}
			}
			if slices.Sort(secret); !slices.Equal(secret, c.secret) {
				t.Errorf("strings are in %q", secret)
			}
			if install, there := files["windows/install.cmd"]; there && !strings.Contains(string(install), `/i "%~dp0dayline-agent-1.2.3-windows-%arch%.msi" /qn /norestart ENROLL_FILE="%~dp0enroll"`) {
				t.Errorf("Intune installs by %s", install)
			}
			if readme := string(files["README.md"]); !strings.Contains(readme, "Exämple & Sons") || !strings.Contains(readme, "up to 7 devices until ") || !strings.Contains(readme, "1.2.3") {
				t.Error(readme)
			}
		})
	}
}

// wellFormed reads a file as what its name says it is.
func wellFormed(t *testing.T, name string, content []byte) {
	t.Helper()
	var err error
	switch filepath.Ext(name) {
	case ".admx", ".adml":
		for decoder := xml.NewDecoder(bytes.NewReader(content)); err == nil; _, err = decoder.Token() {
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
	case ".plist", ".mobileconfig":
		_, err = plist.Unmarshal(content, &map[string]any{})
	case ".yml":
		var document any
		err = yaml.Unmarshal(content, &document)
	case ".sh":
		var said []byte
		sh := exec.CommandContext(t.Context(), "sh", "-n")
		sh.Stdin = bytes.NewReader(content)
		if said, err = sh.CombinedOutput(); err != nil {
			err = errors.New(string(said))
		}
	case ".cmd", ".ps1":
		if bytes.Count(content, []byte("\n")) != bytes.Count(content, []byte("\r\n")) {
			err = errors.New("its lines end as Windows' do not")
		}
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// What management runs on a Mac hands the agent the string on its standard input, and in no argument.
func TestTheScriptsForMacs(t *testing.T) {
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	write(t, dir, data, smallFloor)
	p := serve(t, dir)
	p.must("release", "add", unpack(t, shelftest.Released(t, "1.2.3", release.MacOS)))
	munki := struct {
		Install   string `plist:"postinstall_script"`
		Uninstall string `plist:"uninstall_script"`
		Size      int64  `plist:"installer_item_size"`
	}{}
	if _, err := plist.Unmarshal(deployed(t, p, "munki")["pkgsinfo/dayline-agent.plist"], &munki); err != nil || munki.Size == 0 {
		t.Fatalf("%+v, %v", munki, err)
	}
	jamf := deployed(t, p, "jamf", "--requirement", requirement)
	folder := t.TempDir()
	agent := filepath.Join(folder, "dayline-agent")
	if err := os.WriteFile(agent, []byte("#!/bin/sh\necho \"arguments: $*\"\n[ \"$1\" = status ] && echo 'Problem        enrolling <with> host' || cat\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	const installed = "/Library/Dayline/Dayline.app/Contents/MacOS/dayline-agent"
	for script, want := range map[string]string{
		munki.Install:                     "arguments: enroll --at-start -\n" + carried.FindString(munki.Install) + "\n",
		munki.Uninstall:                   "arguments: uninstall\n",
		string(jamf["scripts/enroll.sh"]): "arguments: enroll --at-start -\n" + carried.FindString(string(jamf["scripts/enroll.sh"])) + "\n",
		string(jamf["scripts/status.sh"]): "<result>enrolling with host</result>\n",
	} {
		if !strings.Contains(script, installed) {
			t.Errorf("asks another program: %s", script)
		}
		out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(script, installed, agent)).Output()
		if string(out) != want || err != nil {
			t.Errorf("%s: said %q, %v; want %q", script, out, err, want)
		}
	}
}
