package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	// opener is the desktop's way to open an address (freedesktop.org, xdg-utils).
	opener = "/usr/bin/xdg-open"
	// browserWithin is what the browser has to come up.
	browserWithin = 30 * time.Second
	requestWithin = 2 * time.Second
	maxRequest    = 64 << 10
)

var errNoBrowser = errors.New("no browser could be opened")

// browse opens the person's browser at an address. Every account can read the command lines of this computer's programs
// (proc(5)), and whoever opens the address first is let in: so the command line names a local one, which sends on this
// account alone.
func browse(address string) error {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no desktop here")
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("%w: %w", errNoBrowser, err)
	}
	defer listener.Close()
	browser := exec.Command(opener, "http://"+listener.Addr().String()+"/")
	// The browser may stay its child, and outlives this command and its terminal.
	browser.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := browser.Start(); err != nil {
		return fmt.Errorf("%w: %w", errNoBrowser, err)
	}
	go func() { // ends with this command at the latest
		if browser.Wait() != nil {
			listener.Close()
		}
	}()
	return handOver(listener, os.Getuid(), address, time.Now().Add(browserWithin))
}

// handOver sends the first browser that comes from an account on to an address, and nobody else.
func handOver(listener net.Listener, uid int, address string, until time.Time) error {
	if err := listener.(*net.TCPListener).SetDeadline(until); err != nil {
		return fmt.Errorf("%w: %w", errNoBrowser, err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			return errNoBrowser
		}
		if sendOn(conn, uid, address) == nil {
			return nil
		}
	}
}

func sendOn(conn net.Conn, uid int, address string) error {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(requestWithin)); err != nil {
		return err
	}
	if owner, err := ownerOf(conn); err != nil || owner != uid {
		return errors.Join(errors.New("another account's"), err)
	}
	// Browsers also open connections to have them ready, and ask nothing there.
	if _, err := http.ReadRequest(bufio.NewReader(io.LimitReader(conn, maxRequest))); err != nil {
		return err
	}
	_, err := fmt.Fprintf(conn, "HTTP/1.1 303 See Other\r\nLocation: %s\r\nCache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", address)
	return err
}

// ownerOf gives the account whose program is at the other end of a connection within this computer, by the kernel's
// table of connections (proc_net_tcp.txt of the kernel's documentation).
func ownerOf(conn net.Conn) (uid int, err error) {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0, err
	}
	theirs, ours := tableAddress(conn.RemoteAddr()), tableAddress(conn.LocalAddr())
	for line := range bytes.Lines(table) {
		fields := bytes.Fields(line)
		if len(fields) > 7 && string(fields[1]) == theirs && string(fields[2]) == ours {
			return strconv.Atoi(string(fields[7]))
		}
	}
	return 0, errors.New("no such connection")
}

func tableAddress(address net.Addr) string {
	of, err := netip.ParseAddrPort(address.String())
	if err != nil || !of.Addr().Unmap().Is4() {
		return ""
	}
	ip := of.Addr().Unmap().As4()
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip[:]), of.Port())
}
