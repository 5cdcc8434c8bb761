// Package desktop brings up a virtual desktop of real programs — X server, window manager, terminal, editor, browser,
// a bus with a login manager — and works on it as a person would, by key and pointer events. The tests and
// `make run` use the same one.
package desktop

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/jezek/xgb"

	"github.com/dayline-project/dayline/test/process"
)

// patience is how long a program may take to come up on a busy machine.
const patience = 60 * time.Second

// Desktop is a virtual desktop with nothing opened on it yet.
type Desktop struct {
	// Display is ":N".
	Display string
	// Session is the login manager's id of the session.
	Session string

	dir   string
	bus   string
	x     *screen
	login *dbus.Conn
	// started, in order; ended in the opposite one.
	started []*process.Process
	// carriers are the processes by which others learn of what happens here, watchers those that look at it.
	carriers []int
	watchers func() []int
}

// Start brings up the desktop; its files go to dir, which must be short (a socket lives in it).
func Start(ctx context.Context, dir string) (*Desktop, error) {
	d := &Desktop{dir: dir, Session: "c1", bus: "unix:path=" + filepath.Join(dir, "bus")}
	for _, step := range []func(context.Context) error{d.startBus, d.startLoginManager, d.startScreen, d.startWindowManager} {
		if err := step(ctx); err != nil {
			d.Close()
			return nil, fmt.Errorf("desktop: start: %w", err)
		}
	}
	return d, nil
}

// Close ends everything on the desktop.
func (d *Desktop) Close() {
	if d.login != nil {
		d.login.Close()
	}
	for i := len(d.started) - 1; i >= 0; i-- {
		_ = d.started[i].Stop(3 * time.Second)
	}
	if d.x != nil {
		d.x.conn.Close()
	}
}

// Env is the environment of a program on this desktop.
func (d *Desktop) Env() []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "USER=" + os.Getenv("USER"), "LANG=C.UTF-8", "TZ=" + os.Getenv("TZ"),
		"XDG_CONFIG_HOME=" + filepath.Join(d.dir, "config"), "XDG_CACHE_HOME=" + filepath.Join(d.dir, "cache"),
		"XDG_RUNTIME_DIR=" + d.dir, "XDG_SESSION_ID=" + d.Session, "XDG_SESSION_TYPE=x11",
		"DBUS_SESSION_BUS_ADDRESS=" + d.bus, "DBUS_SYSTEM_BUS_ADDRESS=" + d.bus,
	}
	if d.Display != "" {
		env = append(env, "DISPLAY="+d.Display)
	}
	return env
}

// start runs a program of the desktop until Close.
func (d *Desktop) start(name, program string, args ...string) (*process.Process, error) {
	p, err := process.Start(process.Command{Name: name, Path: program, Args: args, Env: d.Env(), Dir: d.dir})
	if err == nil {
		d.started = append(d.started, p)
	}
	return p, err
}

// startBus starts one private bus that serves as the system's and the session's.
func (d *Desktop) startBus(ctx context.Context) error {
	p, err := d.start("bus", "dbus-daemon", "--session", "--nofork", "--nopidfile", "--address="+d.bus)
	if err != nil {
		return err
	}
	d.carriers = append(d.carriers, p.PID())
	return d.up(ctx, p, func() error {
		conn, err := dbus.Connect(d.bus)
		if err == nil {
			d.login = conn
		}
		return err
	})
}

func (d *Desktop) startLoginManager(ctx context.Context) error {
	// By its full path: another python3 may come first and lack the module.
	p, err := d.start("logind", "/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind")
	if err != nil {
		return err
	}
	manager := d.login.Object("org.freedesktop.login1", "/org/freedesktop/login1")
	return d.up(ctx, p, func() error {
		return manager.CallWithContext(ctx, "org.freedesktop.DBus.Mock.AddSession", dbus.FlagNoAutoStart,
			d.Session, "seat0", uint32(os.Getuid()), "person", true).Err
	})
}

// startScreen lets the X server choose a free display number, so that desktops can run side by side.
func (d *Desktop) startScreen(ctx context.Context) error {
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer read.Close()
	p, err := process.Start(process.Command{Name: "screen", Path: "Xvfb", Env: d.Env(), Dir: d.dir, ExtraFiles: []*os.File{write},
		Args: []string{"-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"}})
	write.Close()
	if err != nil {
		return err
	}
	d.started, d.carriers = append(d.started, p), append(d.carriers, p.PID())
	line, err := bufio.NewReader(io.LimitReader(read, 16)).ReadString('\n')
	if err != nil {
		return fmt.Errorf("screen: no display: %w\n%s", err, p.Tail())
	}
	d.Display = ":" + strings.TrimSpace(line)
	return d.up(ctx, p, func() error {
		d.x, err = openScreen(d.Display)
		return err
	})
}

func (d *Desktop) startWindowManager(ctx context.Context) error {
	p, err := d.start("openbox", "openbox", "--sm-disable")
	if err != nil {
		return err
	}
	return d.up(ctx, p, d.x.managed)
}

// up waits until a program does its work, or says how it ended.
func (d *Desktop) up(ctx context.Context, p *process.Process, works func() error) error {
	err := process.Wait(ctx, patience, filepath.Base(p.Log()), func() error {
		select {
		case <-p.Done():
			return nil
		default:
			return works()
		}
	})
	select {
	case <-p.Done():
		return fmt.Errorf("ended at once: %w\n%s", p.Err(), p.Tail())
	default:
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, p.Tail())
	}
	return nil
}

// Lock locks the session as a screen locker does: it is asked to, and says that it is.
func (d *Desktop) Lock() error { return d.setLocked("Lock", true) }

// Unlock unlocks it.
func (d *Desktop) Unlock() error { return d.setLocked("Unlock", false) }

func (d *Desktop) setLocked(request string, locked bool) error {
	const session = "org.freedesktop.login1.Session."
	object := d.login.Object("org.freedesktop.login1", dbus.ObjectPath("/org/freedesktop/login1/session/"+d.Session))
	if err := object.Call(session+request, 0).Err; err != nil {
		return fmt.Errorf("desktop: %s: %w", strings.ToLower(request), err)
	}
	if err := object.Call(session+"SetLockedHint", 0, locked).Err; err != nil {
		return fmt.Errorf("desktop: %s: %w", strings.ToLower(request), err)
	}
	return nil
}

// PrepareForSleep tells that the machine is about to sleep (true) or has woken (false).
func (d *Desktop) PrepareForSleep(sleeping bool) error {
	err := d.login.Object("org.freedesktop.login1", "/org/freedesktop/login1").Call("org.freedesktop.DBus.Mock.EmitSignal", 0,
		"org.freedesktop.login1.Manager", "PrepareForSleep", "b", []dbus.Variant{dbus.MakeVariant(sleeping)}).Err
	if err != nil {
		return fmt.Errorf("desktop: prepare for sleep: %w", err)
	}
	return nil
}

func init() { xgb.Logger.SetOutput(io.Discard) }
