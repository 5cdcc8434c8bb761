package config_test

import (
	"fmt"
	"testing"

	"github.com/dayline-project/dayline/collector/config"
)

// Pages go without TLS where they stay on this computer, or behind a proxy that is named.
func TestPlainWeb(t *testing.T) {
	for _, c := range []struct {
		web, tls, proxies string
		holds, plain      bool
	}{
		{"127.0.0.1:8444", "self-signed", "[]", true, true},
		{"localhost:8444", "off", "[]", true, true},
		{":8444", "self-signed", "[]", true, false},
		{"10.0.0.7:8444", "self-signed", "[10.0.0.1]", true, false},
		{"10.0.0.7:8444", "off", "[10.0.0.1]", true, true},
		{"10.0.0.7:8444", "off", "[]", false, false},
	} {
		set, problems := config.Load(folder(t, map[string]string{config.CollectorFile: fmt.Sprintf(
			"listen: {agents: \"127.0.0.1:8443\", web: %q}\npublic_url: https://dayline.example.com\ntls: {mode: %s}\ntrusted_proxies: %s\n", c.web, c.tls, c.proxies)}))
		if (set != nil) != c.holds || set != nil && set.Collector.PlainWeb() != c.plain {
			t.Errorf("%+v: %v", c, problems)
		}
	}
}

// Where nothing is said, browsers find the pages on this computer if they stay there, else where agents find it.
func TestWebAddress(t *testing.T) {
	for _, c := range []struct{ web, url, listening, want string }{
		{"127.0.0.1:8444", "", "127.0.0.1:8444", "http://localhost:8444"},
		{"127.0.0.1:0", "", "127.0.0.1:40123", "http://localhost:40123"},
		{"localhost:8444", "", "", "http://localhost:8444"},
		{"[::1]:8444", "", "[::1]:8444", "http://[::1]:8444"},
		{":8444", "", "[::]:8444", "https://dayline.example.com:8444"},
		{":443", "", "[::]:443", "https://dayline.example.com"},
		{"10.0.0.7:8444", "https://pages.example.com/", "10.0.0.7:8444", "https://pages.example.com"},
		{"127.0.0.1:8444", "https://pages.example.com", "127.0.0.1:8444", "https://pages.example.com"},
	} {
		text := fmt.Sprintf("listen: {web: %q}\npublic_url: https://dayline.example.com:8443\nweb_url: %q\n", c.web, c.url)
		set, problems := config.Load(folder(t, map[string]string{config.CollectorFile: text}))
		if set == nil {
			t.Errorf("%+v: %v", c, problems)
		} else if got := set.Collector.WebAddress(c.listening); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
