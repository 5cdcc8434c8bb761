package update

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dayline-project/dayline/shared/disk"
	"github.com/dayline-project/dayline/shared/release"
)

// rest is what takes up a disk.
const rest = "rest"

// fill leaves so many bytes of the disk on which the folder is.
func fill(t *testing.T, folder string, leave int64) {
	free, err := disk.Free(folder)
	if err == nil && free > leave {
		err = os.WriteFile(filepath.Join(folder, rest), make([]byte, free-leave), 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

// The disk fills while something is asked for, so that at each step there is room no more.
func TestAFullDiskLeavesNothingHalf(t *testing.T) {
	for name, test := range map[string]struct {
		during string
		leave  int64
		want   string
	}{
		"the channel":       {release.ChannelName + release.SignatureEnding, 0, "no space left on device"},
		"the step":          {"1.4.0/" + release.ManifestName, 0, "no space left on device"},
		"the room there is": {"1.4.0/" + release.ManifestName, 500 << 10, "the disk has too little room: 0 MB are free, 1 needed"},
		"a part":            {packageFile, 100 << 10, "no space left on device"},
		"the program":       {packageFile, 400 << 10, "no space left on device"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			if err := unix.Mount("tmpfs", s.folder, "tmpfs", 0, "size=4m"); err != nil {
				t.Logf("no tmpfs (%v): a limit on the size of files stands for the disk", err)
				limited(t, s)
				return
			}
			t.Cleanup(func() {
				if err := unix.Unmount(s.folder, 0); err != nil {
					t.Error(err)
				}
			})
			s.serve = func(_ http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == release.Path+test.during {
					fill(t, s.folder, test.leave)
				}
				return false
			}
			if state := s.ask("1.4.0"); !strings.Contains(state.Waits, test.want) {
				t.Errorf("%+v", state)
			}
			s.nothing()
			s.notBlamed()
			s.serve = nil
			if err := os.Remove(filepath.Join(s.folder, rest)); err != nil {
				t.Fatal(err)
			}
			s.news.askedAt = s.news.askedAt.Add(-newsOfOrder)
			s.again()
			s.handedOver()
		})
	}
}

// limited lets no file be longer than a part of the package.
func limited(t *testing.T, s *shop) {
	t.Helper()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	less := limit
	less.Cur = 100 << 10
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &less); err != nil {
		t.Fatal(err)
	}
	state := s.ask("1.4.0")
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(state.Waits, "file too large") {
		t.Errorf("%+v", state)
	}
	s.nothing()
	s.notBlamed()
	s.again()
	s.handedOver()
}

// notBlamed demands that the release did not fail, and that nothing half is left.
func (s *shop) notBlamed() {
	s.t.Helper()
	if failed := s.marker().Failed; len(failed) > 0 {
		s.t.Errorf("the release is blamed: %+v", failed)
	}
	found, err := filepath.Glob(filepath.Join(s.folder, ".*"))
	parts, _ := filepath.Glob(filepath.Join(s.folder, "*"+partEnding))
	for _, part := range parts {
		if info, err := os.Stat(part); err != nil || info.Size() != int64(len(s.files[packageFile])) {
			found = append(found, part)
		}
	}
	if err != nil || len(found) > 0 {
		s.t.Errorf("left: %v, %v", found, err)
	}
}

func TestWhatIsStagedIsTheOwnersAlone(t *testing.T) {
	s := openShop(t)
	s.ask("1.4.0")
	s.handedOver()
	if info, err := os.Stat(filepath.Join(s.folder, s.host.watched[0].Staged)); err != nil || info.Mode() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}
