//go:build unix

package host

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// placeFor is a folder that sessions may listen in.
func placeFor(t *testing.T) string { return filepath.Join(t.TempDir(), "d") }

// occupy has nothing to do where no connection stands before somebody accepts it.
func occupy(*testing.T, string) {}

func TestTheFolderOfALoginComesFirst(t *testing.T) {
	runtime, cache := t.TempDir(), filepath.Join(t.TempDir(), "none yet")
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	if folder, err := room(""); err != nil || folder != filepath.Join(runtime, "dayline") {
		t.Errorf("it is %s, %v", folder, err)
	}
	if info, err := os.Lstat(filepath.Join(runtime, "dayline")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("made as %v, %v", info.Mode(), err)
	}
	// Where there is none, what stays is made.
	all := folders()
	last := all[len(all)-1]
	for _, folder := range []string{"", "relative", filepath.Join(runtime, "gone")} {
		t.Setenv("XDG_RUNTIME_DIR", folder)
		if got, err := room(""); err != nil || got == filepath.Join(folder, "dayline") {
			t.Errorf("with %q it is %s, %v", folder, got, err)
		}
	}
	if got, err := room(last); err != nil || got != last {
		t.Errorf("in the cache it is %s, %v", got, err)
	}
}

func TestAFolderThatOthersMayChangeIsNone(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(t.TempDir(), "open")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o750)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := []string{link, open, file}
	if os.Geteuid() == 0 { // only root can give a folder away
		theirs := placeFor(t)
		if err := errors.Join(os.Mkdir(theirs, 0o700), os.Chown(theirs, 12345, -1)); err != nil {
			t.Fatal(err)
		}
		refused = append(refused, theirs, filepath.Join(theirs, "d"))
	}
	for _, folder := range refused {
		if l, err := listen(folder); err == nil {
			l.Close()
			t.Errorf("%s is listened in", folder)
		}
		if found := doors(folder); found != nil {
			t.Errorf("in %s there is %q", folder, found)
		}
	}
}

func TestSocketsOfEndedHelpersAreRemoved(t *testing.T) {
	folder := placeFor(t)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	leave := func(name string, age time.Duration) string {
		door := filepath.Join(folder, name)
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: door})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
		at := time.Now().Add(-age)
		if err := os.Chtimes(door, at, at); err != nil {
			t.Fatal(err)
		}
		return door
	}
	leave("browser-1.sock", time.Hour)
	own := leave("browser-"+strconv.Itoa(os.Getpid())+".sock", 0)
	starting := leave("browser-2.sock", 0)
	lives, err := net.Listen("unix", filepath.Join(folder, "browser-3.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lives.Close()
	l, err := listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{own, starting, lives.Addr().String()}
	slices.Sort(want)
	if found := doors(folder); !slices.Equal(slices.Sorted(slices.Values(found)), want) {
		t.Errorf("left are %q, want %q", found, want)
	}
	l.Close()
	if slices.Contains(doors(folder), own) {
		t.Error("our own is left")
	}
}

func TestEverySessionIsTold(t *testing.T) {
	place := placeFor(t)
	first := listenAt(t, place)
	knockAt(t, place) // it has made the folder
	other, err := net.Listen("unix", filepath.Join(place, "browser-1.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	e := playExtension(t, place)
	e.say(hello())
	e.say(tab("one"))
	conn, err := other.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if m, err := Read(conn); err != nil || m.Hello == nil || m.Hello.Browser != played {
		t.Errorf("the other session hears %+v, %v", m, err)
	}
	if m, err := Read(conn); err != nil || m.Tab == nil || m.Tab.Title != "one" {
		t.Errorf("the other session hears %+v, %v", m, err)
	}
	first.until(t, "one")
}

// A folder that is not ours at first, as that of a login that begins.
func TestAFolderThatComesLaterIsListenedIn(t *testing.T) {
	place := placeFor(t)
	if err := errors.Join(os.Mkdir(place, 0o700), os.Chmod(place, 0o755)); err != nil {
		t.Fatal(err)
	}
	log, written := io.Pipe()
	ear := NewEar(place, slog.New(slog.NewTextHandler(written, nil)))
	ear.retry = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- ear.Run(ctx) }()
	if _, err := log.Read(make([]byte, 1000)); err != nil { // that it failed
		t.Fatal(err)
	}
	if err := os.Chmod(place, 0o700); err != nil {
		t.Fatal(err)
	}
	knockAt(t, place)
	cancel()
	<-ended
	log.Close()
}
