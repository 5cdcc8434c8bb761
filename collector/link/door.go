package link

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
)

// Path that links lie below, on the agents' listener and on the pages'.
const Path = "/install/"

// Door is where the page of every link is found, and how whoever comes there recognises the collector.
type Door struct {
	// host is with its port, name without.
	host, name string
	// pin is of the certificate's key; zero where browsers and the system's trust store know the certificate.
	pin [32]byte
}

// hosts, with their ports, are those that end no quoting in a command.
var hosts = regexp.MustCompile(`^[0-9A-Za-z._:\[\]-]+$`)

// NewDoor takes an address of the collector's; links are opened there by https, as agents come. pin is SHA-256 of the
// SubjectPublicKeyInfo of the certificate presented there, zero where every browser trusts it.
func NewDoor(address string, pin [32]byte) (Door, error) {
	u, err := url.Parse(address)
	if err != nil || !hosts.MatchString(u.Host) {
		return Door{}, fmt.Errorf("link: %q is no address such as https://dayline.example.com:8443", address)
	}
	return Door{host: u.Host, name: u.Hostname(), pin: pin}, nil
}

// Address of a link's page, by the secret that is in it.
func (d Door) Address(secret string) string { return "https://" + d.host + Path + secret }

// Key is the pin as curl writes it; empty where browsers know the certificate.
func (d Door) Key() string {
	if d.Trusted() {
		return ""
	}
	return "sha256//" + base64.StdEncoding.EncodeToString(d.pin[:])
}

// Trusted: browsers take what comes from there.
func (d Door) Trusted() bool { return d.pin == [32]byte{} }
