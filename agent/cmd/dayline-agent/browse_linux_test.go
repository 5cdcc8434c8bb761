package main

import (
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// The address goes to a browser of the account that asked, and to no other account.
func TestTheAddressIsHandedToOneAccount(t *testing.T) {
	const address = "https://dayline.example.com/my-day#code=abc"
	gate := func(uid int, until time.Time) (where string, ended chan error) {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ended = make(chan error, 1)
		go func() {
			defer listener.Close()
			ended <- handOver(listener, uid, address, until)
		}()
		return "http://" + listener.Addr().String() + "/", ended
	}
	browser := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}

	where, ended := gate(os.Getuid(), time.Now().Add(time.Minute))
	ready, err := net.Dial("tcp", where[len("http://"):len(where)-1])
	if err != nil {
		t.Fatal(err)
	}
	ready.Close() // as browsers connect to be ready
	answer, err := browser.Get(where)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || got != address {
		t.Errorf("%s to %q", answer.Status, got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}

	where, ended = gate(os.Getuid()+1, time.Now().Add(300*time.Millisecond))
	if answer, err := browser.Get(where); err == nil {
		answer.Body.Close()
		t.Errorf("another account is answered: %s to %q", answer.Status, answer.Header.Get("Location"))
	}
	if err := <-ended; err == nil {
		t.Error("no browser came, and it is said that one did")
	}
}
