package api

import (
	"net/http"
	"testing"
)

func TestForwardedHeadersCountOnlyFromTrustedProxies(t *testing.T) {
	trusted, err := parseProxies([]string{"10.0.0.0/8", "192.168.1.1", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer, forwarded, want string
	}{
		{"203.0.113.7:1", "", "203.0.113.7"},
		{"203.0.113.7:1", "198.51.100.1", "203.0.113.7"},
		{"10.1.2.3:1", "198.51.100.1", "198.51.100.1"},
		{"10.1.2.3:1", "6.6.6.6, 198.51.100.1, 192.168.1.1", "198.51.100.1"},
		{"10.1.2.3:1", "nonsense", "10.1.2.3"},
		{"10.1.2.3:1", "", "10.1.2.3"},
		{"[::1]:1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"[::ffff:10.1.2.3]:1", "198.51.100.1", "198.51.100.1"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := trusted.caller(r); got != c.want {
			t.Errorf("%s forwarding %q counts as %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
	if _, err := parseProxies([]string{"x"}); err == nil {
		t.Error("x is trusted")
	}
}
