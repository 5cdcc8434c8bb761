package api

import (
	"net/http"
	"time"
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
