package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"

	"github.com/dayline-project/dayline/agent/internal/service"
)

// maxAddress of a page, in bytes.
const maxAddress = 2048

// myDay opens in the browser what was recorded of the person who asks.
func myDay(args []string, stdout, stderr io.Writer) int {
	o := newOptions("my-day", "", stderr)
	printed := o.Bool("print", false, "print the address instead of opening it; it is good once, for two minutes")
	if _, status, ok := o.parse(args, 0); !ok {
		return status
	}
	var day service.MyDay
	if err := ask(o.state, "my-day", &day); err != nil {
		return fail(stderr, err)
	}
	address, err := pageAddress(day.URL)
	if err != nil {
		return fail(stderr, err)
	}
	if !*printed {
		err := browse(address)
		if err == nil {
			fmt.Fprintln(stdout, "your day is open in your browser")
			return done
		}
		fmt.Fprintf(stderr, "dayline-agent: %v; open this address yourself: it is good once, for two minutes\n", err)
	}
	fmt.Fprintln(stdout, address)
	return done
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
