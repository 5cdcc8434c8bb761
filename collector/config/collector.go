package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dayline-project/dayline/shared/settings"
)

// Collector is the content of collector.yaml: how the collector runs. SignIn and Log hold at once when they change, the
// rest from the next start.
type Collector struct {
	Listen Listen `json:"listen"`
	// PublicURL is where agents and links find the collector; empty: https, this computer's name, the agents' port.
	PublicURL string `json:"public_url"`
	// WebURL is where browsers find the pages; empty: see Collector.WebAddress.
	WebURL  string `json:"web_url"`
	DataDir string `json:"data_dir"`
	TLS     TLS    `json:"tls"`
	// TrustedProxies are addresses and networks whose forwarded headers are believed.
	TrustedProxies []string `json:"trusted_proxies"`
	Storage        Storage  `json:"storage"`
	SignIn         SignIn   `json:"sign_in"`
	Log            Log      `json:"log"`
	Metrics        Metrics  `json:"metrics"`
}

// Listen holds the two listeners' addresses, host:port.
type Listen struct {
	Agents string `json:"agents"`
	Web    string `json:"web"`
}

// TLS says where the certificate comes from: Mode is "self-signed", "files" or "off".
type TLS struct {
	Mode string `json:"mode"`
	// Cert and Key are files, for mode "files".
	Cert string `json:"cert"`
	Key  string `json:"key" secret:"true"`
	// Names are further host names and addresses of a self-signed certificate.
	Names []string `json:"names"`
}

// The modes of TLS.
const (
	SelfSigned = "self-signed"
	FromFiles  = "files"
	Off        = "off"
)

// Storage bounds memory, and the disk left free.
type Storage struct {
	Memory settings.Bytes `json:"memory"`
	Floor  Floor          `json:"floor"`
}

// Floor is the free disk below which syncs are refused: a size, or 0 for "auto", the larger of 2 GB and 5 %.
type Floor settings.Bytes

// UnmarshalText reads "auto" or a size.
func (f *Floor) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*f = 0
		return nil
	}
	size, err := settings.ParseBytes(string(text))
	if err == nil && size == 0 {
		err = errors.New(`"0" is no floor: say auto or a size such as 2GB`)
	}
	*f = Floor(size)
	return err
}

// SignIn is how people sign in beside local passwords.
type SignIn struct {
	OIDC *OIDC `json:"oidc"`
}

// OIDC is a provider of identities.
type OIDC struct {
	Issuer           string `json:"issuer"`
	ClientID         string `json:"client_id"`
	ClientSecretFile string `json:"client_secret_file" secret:"true"`
}

// Log is what the log says and how: Level is debug, info, warn or error; Format text or json.
type Log struct {
	Level  string `json:"level"`
	Format string `json:"format"`
}

// Metrics are served on an address of their own; none where it is empty.
type Metrics struct {
	Listen string `json:"listen"`
}

// defaultDataDir is where the data lies where nothing else is said.
const defaultDataDir = "/var/lib/dayline"

func defaultCollector() *Collector {
	return &Collector{
		Listen:  Listen{Agents: ":8443", Web: "127.0.0.1:8444"},
		DataDir: defaultDataDir,
		TLS:     TLS{Mode: SelfSigned},
		Storage: Storage{Memory: 512e6},
		Log:     Log{Level: "info", Format: "text"},
	}
}

func (c *Collector) check(d *decoder) {
	checkListen(d, "listen.agents", c.Listen.Agents)
	checkListen(d, "listen.web", c.Listen.Web)
	if c.Metrics.Listen != "" {
		checkListen(d, "metrics.listen", c.Metrics.Listen)
	}
	checkAddress(d, "public_url", c.PublicURL)
	checkAddress(d, "web_url", c.WebURL)
	if !filepath.IsAbs(c.DataDir) {
		d.at("data_dir", "%q is not an absolute path", c.DataDir)
	}
	c.checkTLS(d)
	for i, proxy := range c.TrustedProxies {
		if !isAddress(proxy) && !isNetwork(proxy) {
			d.at(fmt.Sprintf("trusted_proxies[%d]", i), "%q is neither an address nor a network such as 10.0.0.0/8", proxy)
		}
	}
	if c.Storage.Memory < 64e6 || c.Storage.Memory > 1e13 {
		d.at("storage.memory", "%s is not allowed; allowed: 64MB–10TB", c.Storage.Memory)
	}
	if oidc := c.SignIn.OIDC; oidc != nil {
		if issuer, err := url.Parse(oidc.Issuer); err != nil || issuer.Scheme != "https" || issuer.Host == "" {
			d.at("sign_in.oidc.issuer", "%q is not an https address", oidc.Issuer)
		}
		if oidc.ClientID == "" {
			d.at("sign_in.oidc.client_id", "is missing")
		}
		if !filepath.IsAbs(oidc.ClientSecretFile) {
			d.at("sign_in.oidc.client_secret_file", "is not an absolute path")
		}
	}
	checkWord(d, "log.level", c.Log.Level, "debug", "info", "warn", "error")
	checkWord(d, "log.format", c.Log.Format, "text", "json")
}

func (c *Collector) checkTLS(d *decoder) {
	switch c.TLS.Mode {
	case SelfSigned:
	case FromFiles:
		for key, file := range map[string]string{"tls.cert": c.TLS.Cert, "tls.key": c.TLS.Key} {
			if !filepath.IsAbs(file) {
				d.at(key, "mode files needs an absolute path here")
			}
		}
	case Off:
		if len(c.TrustedProxies) == 0 && (!isLoopback(c.Listen.Agents) || !isLoopback(c.Listen.Web)) {
			d.at("tls.mode", "off beyond this computer needs trusted_proxies: somebody has to encrypt")
		}
	case "acme":
		d.at("tls.mode", "this version does not offer acme; offered: self-signed, files or off")
	default:
		checkWord(d, "tls.mode", c.TLS.Mode, SelfSigned, FromFiles, Off)
	}
	for i, name := range c.TLS.Names {
		if name == "" || len(name) > 253 || !isAddress(name) && strings.ContainsAny(name, "/:@ *") {
			d.at(fmt.Sprintf("tls.names[%d]", i), "%q is neither a host name nor an address", name)
		}
	}
}

func checkWord(d *decoder, key, word string, allowed ...string) {
	if !slices.Contains(allowed, word) {
		d.at(key, "%q is not allowed; allowed: %s", word, strings.Join(allowed, ", "))
	}
}

func checkListen(d *decoder, key, address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		d.at(key, "%q is not an address such as 127.0.0.1:8444 or :8443", address)
	}
}

// checkAddress wants scheme, host and port, and nothing more; empty is left to the default.
func checkAddress(d *decoder, key, text string) {
	if text == "" {
		return
	}
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Hostname() == "" || address.User != nil ||
		strings.Trim(address.Path, "/") != "" || address.RawQuery != "" || address.Fragment != "" {
		d.at(key, "%q is not an address such as https://dayline.example.com:8443", text)
	} else if address.Scheme == "http" && !isLoopback(address.Host) {
		d.at(key, "%q: only https reaches beyond this computer", text)
	}
}

// PlainWeb tells whether the pages' listener goes without TLS: where it stays on this computer, or stands behind a proxy.
func (c *Collector) PlainWeb() bool { return c.TLS.Mode == Off || isLoopback(c.Listen.Web) }

// PublicAddress is where agents and links find the collector: PublicURL, else this computer's name and the agents' port.
func (c *Collector) PublicAddress() string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "localhost"
	}
	_, port, err := net.SplitHostPort(c.Listen.Agents)
	if err != nil || port == "0" {
		port = "8443"
	}
	return "https://" + net.JoinHostPort(name, port)
}

// WebAddress is where browsers find the pages, an origin without a slash at its end: WebURL; else the pages' listener
// itself where it stays on this computer, by the name localhost; else public_url's host with that listener's port. listening is where it really
// listens, host:port: in the file the port may be 0, for any.
func (c *Collector) WebAddress(listening string) string {
	if c.WebURL != "" {
		return strings.TrimRight(c.WebURL, "/")
	}
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		host, port, _ = net.SplitHostPort(c.Listen.Web)
	}
	if host == "127.0.0.1" {
		host = "localhost" // passkeys belong to a name
	}
	if isLoopback(host) {
		return "http://" + net.JoinHostPort(host, port)
	}
	if public, err := url.Parse(c.PublicAddress()); err == nil {
		host = public.Hostname()
	}
	if port == "443" {
		return "https://" + bracketed(host)
	}
	return "https://" + net.JoinHostPort(host, port)
}

// bracketed is a host as addresses write it.
func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// isLoopback tells whether an address, with or without a port, stays on this computer.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func isAddress(text string) bool { _, err := netip.ParseAddr(text); return err == nil }

func isNetwork(text string) bool { _, err := netip.ParsePrefix(text); return err == nil }

// live are the parts of collector.yaml that hold at once.
var live = []string{"sign_in", "log"}

// NeedRestart names the keys that differ between two sets and hold only from the next start.
func NeedRestart(running, next *Set) []string {
	var keys []string
	for _, change := range changes(CollectorFile, running.Content[CollectorFile], next.Content[CollectorFile]) {
		section, _, _ := strings.Cut(change.Key, ".")
		if !slices.Contains(live, section) {
			keys = append(keys, change.Key)
		}
	}
	return keys
}
