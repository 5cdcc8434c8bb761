package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
)

// sessionCookie holds a browser's session. Of a name that begins so, browsers take no cookie that another host or
// plain HTTP sets (RFC 6265bis, 4.1.3.2).
const sessionCookie = "__Host-dayline"

// SetSession puts a session into a cookie that scripts cannot read and that no other site's request brings.
func SetSession(header http.Header, secret string, expires, now time.Time) {
	setCookie(header, secret, max(1, int(expires.Sub(now).Seconds())))
}

func clearSession(header http.Header) { setCookie(header, "", -1) }

func setCookie(header http.Header, value string, maxAge int) {
	cookie := http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	header.Add("Set-Cookie", cookie.String())
}

// cookieOf gives a browser's session as an Authorization header would; empty where there is none.
func cookieOf(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" {
		return ""
	}
	return "Bearer " + cookie.Value
}

// site gives where the page is that makes a request. What trusted proxies say of it is believed, and web_url, since many
// proxies say nothing.
func (a *Admin) site(r *http.Request) access.Site {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && a.Agents.proxies.trust(peer.Addr().Unmap()) {
		scheme = forwarded(r, "X-Forwarded-Proto", scheme)
		host = forwarded(r, "X-Forwarded-Host", host)
	}
	set := a.Config().Collector
	if own, err := url.Parse(set.WebURL); err == nil && own.Host != "" &&
		(strings.EqualFold(own.Host, host) || strings.EqualFold(own.Scheme+"://"+own.Host, r.Header.Get("Origin"))) {
		scheme, host = own.Scheme, own.Host
	}
	host = strings.ToLower(host)
	name := host
	if bare, _, err := net.SplitHostPort(host); err == nil {
		name = bare
	}
	return access.Site{Host: name, Origin: strings.ToLower(scheme) + "://" + host}
}

// forwarded is the last of what a header lists: what the proxy nearest to us said.
func forwarded(r *http.Request, header, otherwise string) string {
	all := strings.Split(strings.Join(r.Header.Values(header), ","), ",")
	if last := strings.TrimSpace(all[len(all)-1]); last != "" {
		return last
	}
	return otherwise
}

// ownPage refuses what another site's page made a browser ask: browsers say so in Sec-Fetch-Site, old ones in Origin
// (Fetch Metadata Request Headers, 2.4). A program that is no browser says neither, and has no cookies but its own.
func ownPage(r *http.Request, site access.Site) error {
	fetch, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	if fetch != "" && fetch != "same-origin" && fetch != "none" || origin != "" && !strings.EqualFold(origin, site.Origin) {
		return collector.Refuse(collector.Denied, "origin", "a page of another site asked for this; behind a proxy, set web_url")
	}
	return nil
}
