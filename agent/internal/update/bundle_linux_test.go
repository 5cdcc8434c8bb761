package update

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const bundle = "Dayline.app"

// A Mac's bundle is exchanged as a program is, and goes back as one, wherever a power cut falls.
func TestBundlesAreExchanged(t *testing.T) {
	shortProbation(t)
	rename := func(c *computer, from, to string) { c.must(os.Rename(from, to)) }
	for name, c := range map[string]struct {
		service string
		found   func(*computer, *Marker)
		runs    string
		reason  string
		// stayed: the former was never gone. cut: the power was, and with it the service.
		stayed, cut bool
	}{
		"works": {service: works, runs: "2.0.0"},
		"hangs": {service: hangs, runs: "1.0.0", reason: "its service does not answer"},
		"its program was exchanged": {service: works, runs: "1.0.0", reason: errChanged.Error(), stayed: true, found: func(c *computer, _ *Marker) {
			c.write(programIn(c.in("staged.app")), script("2.0.0", hangs))
		}},
		"another file of it was": {service: works, runs: "1.0.0", reason: errChanged.Error(), stayed: true, found: func(c *computer, _ *Marker) {
			c.write(filepath.Join(c.in("staged.app"), "Contents", "Info.plist"), "<plist>evil</plist>")
		}},
		"a file came into it": {service: works, runs: "1.0.0", reason: errChanged.Error(), stayed: true, found: func(c *computer, _ *Marker) {
			c.write(filepath.Join(c.in("staged.app"), "Contents", "more"), "")
		}},
		"a link came into it": {service: works, runs: "1.0.0", reason: "is no file and no folder", stayed: true, found: func(c *computer, _ *Marker) {
			c.must(os.Symlink("/etc", filepath.Join(c.in("staged.app"), "Contents", "more")))
		}},
		"cut between the two renames": {cut: true, service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			c.must(copyBundle(c.in("staged.app"), newOf(c.Target()), c.Target()))
			rename(c, c.Target(), oldOf(c.Target()))
		}},
		"no bundle at all": {cut: true, service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			c.must(os.RemoveAll(c.Target()))
		}},
		"half of a bundle beside it, and of a former": {cut: true, service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			c.must(errors.Join(os.MkdirAll(filepath.Join(newOf(c.Target()), "Contents"), 0o700), os.MkdirAll(filepath.Join(oldOf(c.Target()), "Contents"), 0o700)))
		}},
		"cut before the exchange was noted": {cut: true, service: works, runs: "2.0.0", found: func(c *computer, _ *Marker) {
			rename(c, c.Target(), oldOf(c.Target()))
			rename(c, c.in("staged.app"), c.Target())
		}},
		"cut on the way back, between the two": {cut: true, service: works, runs: "1.0.0", reason: "it hangs", found: func(c *computer, m *Marker) {
			rename(c, c.Target(), newOf(c.Target()))
			rename(c, c.in("staged.app"), oldOf(c.Target()))
			m.Step, m.Wanting = Probation, "it hangs"
		}},
		"on the way back, the former lost": {cut: true, service: works, runs: "1.0.0", reason: "it hangs", found: func(c *computer, m *Marker) {
			c.must(os.RemoveAll(c.Target()))
			rename(c, c.in("staged.app"), c.Target())
			m.Step, m.Wanting = Probation, "it hangs"
		}},
		"an installer's": {service: works, runs: "1.5.0", found: func(c *computer, m *Marker) {
			c.put(c.Target(), script("1.5.0", works))
			m.Step = Probation
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			computer := computerWith(t, bundle)
			m := computer.stage(c.service)
			if c.found != nil {
				if c.cut {
					computer.must(computer.Stop(t.Context()))
				}
				c.found(computer, m)
				computer.must(m.Save(computer.state()))
			}
			failed := computer.watch(c.runs)
			if c.reason == "" && len(failed) > 0 || c.reason != "" && (len(failed) != 1 || !strings.Contains(failed[0].Reason, c.reason) || failed[0].RolledBack == c.stayed) {
				t.Errorf("failed: %+v", failed)
			}
		})
	}
}

// A copy has the modes of the files and the owner of the target, whoever unpacked it, and not where they were loaded from.
func TestABundlesAccess(t *testing.T) {
	t.Parallel()
	c := computerWith(t, bundle)
	c.must(os.Chown(c.Target(), 7, 8))
	m := c.stage(works)
	staged := c.in(m.Staged)
	c.must(unix.Setxattr(programIn(staged), "user.com.apple.quarantine", []byte("0083;"), 0))
	c.must(lay(staged, m.SHA256, c.Target(), c.Target()))
	laid := newOf(c.Target())
	for inside, mode := range map[string]fs.FileMode{
		".": 0o755 | fs.ModeDir, "Contents": 0o755 | fs.ModeDir, "Contents/Info.plist": 0o644, "Contents/MacOS/dayline-agent": 0o755,
	} {
		info, err := os.Lstat(filepath.Join(laid, inside))
		c.must(err)
		if of := info.Sys().(*syscall.Stat_t); info.Mode() != mode || of.Uid != 7 || of.Gid != 8 {
			t.Errorf("%s: %v of %d:%d", inside, info.Mode(), of.Uid, of.Gid)
		}
	}
	if size, err := unix.Listxattr(programIn(laid), nil); err != nil || size != 0 {
		t.Errorf("%d bytes of attributes, %v", size, err)
	}
	if entries, err := os.ReadDir(c.folder); err != nil || len(Beside(c.Target())) != 1 {
		t.Errorf("beside it: %v, %v", entries, err)
	}
	c.must(cleanBeside(c.Target()))
	if _, err := os.Lstat(laid); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left: %v", err)
	}
}

// What a release has for Macs is unpacked to what is exchanged: as installer/app packs it.
func TestAReleasesBundleIsLaid(t *testing.T) {
	t.Parallel()
	c := computerWith(t, bundle)
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for _, member := range []struct {
		name, content string
		mode          int64
	}{
		{"Dayline.app/", "", 0o755}, {"Dayline.app/Contents/", "", 0o755}, {"Dayline.app/Contents/Info.plist", "<plist/>", 0o644},
		{"Dayline.app/Contents/MacOS/", "", 0o755}, {"Dayline.app/Contents/MacOS/dayline-agent", script("2.0.0", works), 0o755},
		{"Dayline.app/Contents/_CodeSignature/", "", 0o755}, {"Dayline.app/Contents/_CodeSignature/CodeResources", "<plist/>", 0o644},
	} {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: member.name, Mode: member.mode, Size: int64(len(member.content)),
			ModTime: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Uname: "root", Gname: "wheel", Format: tar.FormatUSTAR}
		if strings.HasSuffix(member.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		c.must(archive.WriteHeader(header))
		_, err := archive.Write([]byte(member.content))
		c.must(err)
	}
	c.must(errors.Join(archive.Close(), zipped.Close()))
	staged := c.in("staged.app")
	c.must(unpackBundle(&packed, staged))
	sum, err := sumOf(staged)
	c.must(err)
	c.must(lay(staged, sum, c.Target(), c.Target()))
	c.must(commit(t.Context(), c.Target()))
	if said, err := exec.Command(programIn(c.Target()), "version").Output(); err != nil || string(said) != "2.0.0\n" {
		t.Errorf("%q, %v", said, err)
	}
	if former, err := exec.Command(programIn(oldOf(c.Target())), "version").Output(); err != nil || string(former) != "1.0.0\n" {
		t.Errorf("the former is %q, %v", former, err)
	}
}
