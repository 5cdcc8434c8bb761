package web

import (
	"net/http"
	"strings"
)

// contentPolicy lets a page load and call what comes from its own address, and nothing inline.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers are on every answer. What is no built file must not be kept by anybody: it is somebody's.
var headers = map[string]string{
	"Content-Security-Policy":      contentPolicy,
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy": "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), " +
		"magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
	"Cache-Control": "no-store",
}

// strictTransport holds a browser to https for a year.
const strictTransport = "max-age=31536000"

// guarded puts the headers on every answer and refuses what another site's page makes a browser ask.
func guarded(secure bool, next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		if secure {
			w.Header().Set("Strict-Transport-Security", strictTransport)
		}
		if protection.Check(r) != nil || foreignDownload(r) {
			http.Error(w, "a page of another site asked for this", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// foreignDownload: a page may be linked to from anywhere, a file may not. It costs work, and an entry in the audit log.
func foreignDownload(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return strings.HasPrefix(r.URL.Path, "/files/") && site != "" && site != "same-origin" && site != "none"
}
