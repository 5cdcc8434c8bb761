package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/dayline-project/dayline/agent/internal/service"
)

// maxAddress of a page, in bytes.
const maxAddress = 2048

// myDay opens in the browser what was recorded of the person who asks.
func myDay(args []string, stdout, stderr io.Writer) int {
	o := newOptions("my-day", "", stderr)
	printed := o.Bool("print", false, "print the address instead of opening it; it is good once, for two minutes")
	wait := o.Bool("wait", false, "where no browser opens, wait for the Enter key: a shortcut's window closes with the command")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	opened, status := openMyDay(o.state, *printed, stdout, stderr)
	if *wait && !opened {
		fmt.Fprintln(stderr, "press Enter to close this window")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // its end is as good
	}
	return status
}

// openMyDay tells whether a browser shows the page, and how the command ends.
func openMyDay(state string, printed bool, stdout, stderr io.Writer) (opened bool, status int) {
	var day service.MyDay
	if err := ask(state, "my-day", &day); err != nil {
		return false, fail(stderr, err)
	}
	address, err := pageAddress(day.URL)
	if err != nil {
		return false, fail(stderr, err)
	}
	if !printed {
		err := browse(address)
		if err == nil {
			fmt.Fprintln(stdout, "your day is open in your browser")
			return true, done
		}
		fmt.Fprintf(stderr, "dayline-agent: %v; open this address yourself: it is good once, for two minutes\n", err)
	}
	fmt.Fprintln(stdout, address)
	return false, done
}

// pageAddress gives the address that the collector told, unless it is none that may be opened: a page by https or, on
// this very computer, by http.
func pageAddress(told string) (string, error) {
	refused := errors.New("the collector told an address that is not opened: only https pages are")
	page, err := url.Parse(told)
	if err != nil || len(told) > maxAddress || page.User != nil || page.Host == "" || page.Opaque != "" {
		return "", refused
	}
	if page.Scheme != "https" && (page.Scheme != "http" || !here(page.Hostname())) {
		return "", refused
	}
	return page.String(), nil
}

// here tells whether a host is this computer.
func here(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}
