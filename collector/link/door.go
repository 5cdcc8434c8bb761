package link

import (
	"encoding/base64"
	"fmt"
	"regexp"
)

// Path that links lie below, on the agents' listener and on the pages'.
const Path = "/install/"

// Door is where the page of every link is found, and how whoever comes there recognises the collector.
type Door struct {
	// origin is https://host:port, without a slash at its end.
	origin string
	// pin is of the certificate's key; zero where browsers and the system's trust store know the certificate.
	pin [32]byte
}

// origins are those that end no quoting in a command.
var origins = regexp.MustCompile(`^https://[0-9A-Za-z._:\[\]-]+$`)

// NewDoor checks where links are to be found. pin is SHA-256 of the SubjectPublicKeyInfo of the certificate presented there,
// zero where every browser trusts it.
func NewDoor(origin string, pin [32]byte) (Door, error) {
	if !origins.MatchString(origin) {
		return Door{}, fmt.Errorf("link: %q is no address such as https://dayline.example.com:8443", origin)
	}
	return Door{origin: origin, pin: pin}, nil
}

// Address of a link's page, by the secret that is in it.
func (d Door) Address(secret string) string { return d.origin + Path + secret }

// Key is the pin as curl writes it; empty where browsers know the certificate.
func (d Door) Key() string {
	if d.Trusted() {
		return ""
	}
	return "sha256//" + base64.StdEncoding.EncodeToString(d.pin[:])
}

// Trusted: browsers take what comes from there.
func (d Door) Trusted() bool { return d.pin == [32]byte{} }
