package installer

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dayline-project/dayline/collector/stamp"
	packer "github.com/dayline-project/dayline/installer/linux"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/rig"
)

// wholes are the packages that were packed, by kind and version: packing takes a second.
var wholes sync.Map

func packing(kind, version string) ([]byte, error) {
	pack, _ := wholes.LoadOrStore(kind+version, sync.OnceValues(func() ([]byte, error) {
		v, err := release.ParseVersion(version)
		if err != nil {
			return nil, err
		}
		bin, err := rig.Build()
		if err != nil {
			return nil, err
		}
		program, err := os.ReadFile(bin.Agent())
		if err != nil {
			return nil, err
		}
		p := packer.Package{Agent: packer.Agent{Version: v, Built: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Arch: "amd64"}, Program: program}
		return map[string]func() ([]byte, error){release.Deb: p.Deb, release.RPM: p.RPM, release.Tar: p.Tar}[kind]()
	}))
	return pack.(func() ([]byte, error))()
}

// put puts a package of a version around the tests' agent, with a string stamped into it where text is one, onto the
// computer.
func put(t *testing.T, m *linux.Machine, kind, version, text string) (place string) {
	t.Helper()
	content := must(packing(kind, version))(t)
	if text != "" {
		opened := must(stamp.Open(kind, bytes.NewReader(content), int64(len(content))))(t)
		content = must(io.ReadAll(must(opened.With(text))(t)))(t)
	}
	place = "/tmp/" + version + "." + kind
	mustDo(t, os.WriteFile(m.Path(place), content, 0o600))
	return place
}

// enrolling is a string that leads to nobody.
func enrolling() string {
	return token.Token{Addresses: []string{"127.0.0.1:9"}, Trust: token.TrustPin, Pin: [32]byte{1}, Secret: token.NewSecret()}.Encode()
}

// shell runs a script there that has to succeed.
func shell(t *testing.T, m *linux.Machine, env []string, script string) string {
	t.Helper()
	return must(m.Run(t.Context(), env, "sh", "-ec", script))(t)
}

// says runs a script there and wants these words of it.
func says(t *testing.T, m *linux.Machine, want, script string) {
	t.Helper()
	if said := shell(t, m, nil, script); said != want {
		t.Errorf("%s: said %q, not %q", script, said, want)
	}
}

func nothingLeft(t *testing.T, m *linux.Machine, but ...string) {
	t.Helper()
	if left := must(m.Left())(t); !slices.Equal(left, but) {
		t.Errorf("left: %q", left)
	}
}

// Both kinds of packages, by the programs that install them: each way a package can go.
func TestPackagesOnLinux(t *testing.T) {
	for kind, does := range map[string]struct{ install, again, verify, older, refused, back, remove, purged string }{
		release.Deb: {"dpkg --install ", "dpkg --install ", "dpkg --verify dayline-agent", "apt-get install --assume-yes --no-download ", "downgrade", "dpkg --install ", "dpkg --remove dayline-agent", "! dpkg --status dayline-agent 2>&1"},
		release.RPM: {"rpm --install ", "rpm --upgrade --replacepkgs ", "rpm --verify dayline-agent", "rpm --upgrade ", "newer", "rpm --upgrade --oldpackage ", "rpm --erase dayline-agent", "! rpm --query dayline-agent"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m := linux.New(t)
			first, second := put(t, m, kind, "1.2.3-rc.1", ""), put(t, m, kind, "1.2.3", "")
			const running = "systemctl is-active dayline-agent; systemctl is-enabled dayline-agent"

			shell(t, m, nil, "install -d /etc/dayline; (umask 077; echo "+enrolling()+" >/etc/dayline/enroll); "+does.install+first)
			says(t, m, "active\nenabled\n", running)
			says(t, m, "", does.verify)
			// As doctor advises.
			shell(t, m, nil, "host=/usr/lib/mozilla/native-messaging-hosts/org.dayline.host.json; rm $host; dayline-agent install; [ -e $host ]")
			says(t, m, "600 root\n", "stat -c '%a %U' /var/lib/dayline-agent/enroll; ! [ -e /etc/dayline/enroll ]")
			before := shell(t, m, nil, "cat /run/services/dayline-agent.service.pid; touch /var/lib/dayline-agent/marker")

			shell(t, m, nil, does.again+second)
			shell(t, m, nil, does.again+second)
			says(t, m, "active\nenabled\n", running)
			if after := shell(t, m, nil, "cat /run/services/dayline-agent.service.pid; [ -e /var/lib/dayline-agent/marker ]; [ -e /var/lib/dayline-agent/enroll ]"); after == before {
				t.Error("the new version does not run")
			}
			if said, err := m.Run(t.Context(), nil, "sh", "-c", does.older+first); err == nil || !strings.Contains(said, does.refused) {
				t.Errorf("an older one: %v: %s", err, said)
			}
			shell(t, m, nil, does.back+first)
			says(t, m, "active\nenabled\n", running)

			// Switched off by an administrator, it stays so.
			shell(t, m, nil, "systemctl disable --now dayline-agent; "+does.again+second)
			says(t, m, "inactive\ndisabled\n", "{ "+running+"; } || :")

			shell(t, m, []string{"DAYLINE_KEEP_DATA=1"}, does.remove+"; "+does.purged)
			if left := must(m.Left())(t); !slices.Contains(left, "/var/lib/dayline-agent/marker") || slices.ContainsFunc(left, func(name string) bool { return !strings.HasPrefix(name, "/var/lib/dayline-agent") }) {
				t.Errorf("kept: %q", left)
			}
			shell(t, m, nil, does.install+second+"; mkdir -p /etc/dayline; echo '{}' >/etc/dayline/ceiling.json")
			// As the collector has it done, too.
			shell(t, m, nil, "dayline-agent uninstall; "+does.purged)
			nothingLeft(t, m, "/etc/dayline", "/etc/dayline/ceiling.json")
			shell(t, m, nil, "rm -r /etc/dayline")
			if said, err := m.Run(t.Context(), nil, "systemctl", "is-active", "dayline-agent"); err == nil {
				t.Errorf("removed, it is %s", said)
			}

			// Masked before it came.
			shell(t, m, nil, "mkdir -p /etc/systemd/system; ln -s /dev/null /etc/systemd/system/dayline-agent.service; "+does.install+second)
			says(t, m, "inactive\n", "systemctl is-active dayline-agent || :")
			shell(t, m, nil, does.remove)
			nothingLeft(t, m, "/etc/systemd/system/dayline-agent.service")
			shell(t, m, nil, "rm /etc/systemd/system/dayline-agent.service")

			// On a disk that is cloned.
			shell(t, m, []string{"DAYLINE_IMAGE=1"}, does.install+second)
			if said, err := m.Run(t.Context(), nil, "systemctl", "is-active", "dayline-agent"); err == nil {
				t.Errorf("on an image it is %s", said)
			}
			says(t, m, "enabled\n", "systemctl is-enabled dayline-agent; ! [ -e /var/lib/dayline-agent ]")
			shell(t, m, nil, does.remove)
			nothingLeft(t, m)
		})
	}
}

// What is downloaded by button carries its string wherever it is installed.
func TestStampedPackagesOnLinux(t *testing.T) {
	t.Parallel()
	m := linux.New(t)
	text := enrolling()
	for kind, install := range map[string]string{
		release.Deb: "dpkg --install ",
		release.RPM: "cd /tmp; echo %_pkgverify_level all >~/.rpmmacros; tar xf 1.2.3.rpm; stat -c '%a %U' dayline-agent/enroll; sh dayline-agent/install.sh; rm -r dayline-agent ~/.rpmmacros; : ",
		release.Tar: "cd /tmp; tar xzf 1.2.3.tar.gz; stat -c '%a %U' dayline-agent-1.2.3-linux-amd64/enroll; ./dayline-agent-1.2.3-linux-amd64/install.sh; rm -r dayline-agent-*-amd64; : ",
	} {
		said := shell(t, m, nil, "umask 022; "+install+put(t, m, kind, "1.2.3", text))
		if kind != release.Deb && !strings.HasPrefix(said, "600 root\n") || strings.Contains(said, text) || strings.Contains(said, "implausibly") {
			t.Errorf("%s: said %s", kind, said)
		}
		says(t, m, text+"\nactive\n600 root\n", "cat /var/lib/dayline-agent/enroll; systemctl is-active dayline-agent; stat -c '%a %U' /var/lib/dayline-agent/enroll; ! [ -e /etc/dayline/enroll ]")
		shell(t, m, nil, "dayline-agent uninstall")
		nothingLeft(t, m)
	}
}

// install.sh renews what is older, and is root's; a package goes before it, and takes its place.
func TestInstallScriptOnLinux(t *testing.T) {
	t.Parallel()
	m := linux.New(t)
	shell(t, m, nil, "cd /tmp; tar xzf "+put(t, m, release.Tar, "1.2.3", "")+"; mv dayline-agent-1.2.3-linux-amd64 it; chmod 755 it it/*")
	refused := func(words, script string) {
		t.Helper()
		if said, err := m.Run(t.Context(), nil, "sh", "-c", script); err == nil || !strings.Contains(said, words) {
			t.Errorf("%s: %v: %s", script, err, said)
		}
	}
	refused("only root may do this", "setpriv --reuid=65534 --clear-groups /tmp/it/install.sh")
	refused("Usage", "/tmp/it/install.sh --force")
	nothingLeft(t, m)
	shell(t, m, nil, "/tmp/it/install.sh; /tmp/it/install.sh; touch /var/lib/dayline-agent/marker")
	says(t, m, "active\nenabled\n", "systemctl is-active dayline-agent; systemctl is-enabled dayline-agent")

	// As another version: a program that only tells it.
	pretend := func(version string) string {
		return "rm /usr/local/bin/dayline-agent; printf '#!/bin/sh\\n[ \"$1\" != version ] || echo " + version + "\\n' >/usr/local/bin/dayline-agent; chmod 755 /usr/local/bin/dayline-agent; "
	}
	here := strings.TrimSpace(shell(t, m, nil, "dayline-agent version"))
	for _, newer := range []string{"99.0.0", strings.TrimSuffix(here, "-dev"), "0.1.0-rc.1"} {
		refused(newer+" is installed, which is newer", pretend(newer)+"/tmp/it/install.sh")
		says(t, m, here+"\n", pretend(newer)+"/tmp/it/install.sh --downgrade >/dev/null; dayline-agent version")
	}
	// Where nothing may run, as in many a /tmp.
	says(t, m, here+"\n", pretend("0.0.98")+"mount --bind /tmp/it /mnt; mount -o remount,bind,noexec /mnt; sh /mnt/install.sh >/dev/null; umount --lazy /mnt; dayline-agent version")
	for _, older := range []string{"0.0.99", "0.1.0-beta.11", here} {
		says(t, m, here+"\n", pretend(older)+"/tmp/it/install.sh >/dev/null; dayline-agent version")
	}

	shell(t, m, nil, "dpkg --install "+put(t, m, release.Deb, "1.2.3", ""))
	says(t, m, "/usr/bin/dayline-agent\nactive\n/usr/lib/systemd/system/dayline-agent.service\n", "command -v dayline-agent; systemctl is-active dayline-agent; readlink /etc/systemd/system/multi-user.target.wants/dayline-agent.service; [ -e /var/lib/dayline-agent/marker ]; ! [ -e /etc/systemd/system/dayline-agent.service ]")
	refused("a package has installed it already", "/tmp/it/install.sh")
	shell(t, m, nil, "dpkg --remove dayline-agent")
	nothingLeft(t, m)

	shell(t, m, []string{"DAYLINE_IMAGE=1"}, "/tmp/it/install.sh")
	says(t, m, "enabled\n", "systemctl is-enabled dayline-agent; ! systemctl is-active --quiet dayline-agent >/dev/null")
	shell(t, m, nil, "dayline-agent uninstall")
	nothingLeft(t, m)
}
