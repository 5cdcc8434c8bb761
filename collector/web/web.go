// Package web serves the pages that browsers see: the files built from app/, which are part of the program, under headers
// that let them run no code but their own, and beside them the contract they call. It knows no engine and no registry: the
// pages know what a call tells them.
package web

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
)

// dist is what `make build` made of app/; without it there is a file in it that keeps the folder.
//
//go:embed all:dist
var dist embed.FS

// Options are what the pages stand beside.
type Options struct {
	// Contract answers calls of the contract, downloads and probes.
	Contract http.Handler
	// SignIn leads to a provider of identities and back.
	SignIn http.Handler
	// Extension hands out the browser extension below /extension/, to browsers that nobody has signed in with.
	Extension http.Handler
	// Links opens installer links below /install/, to whoever has one.
	Links http.Handler
	// Secure: browsers come by https.
	Secure bool
}

// Handler serves the pages' listener.
func Handler(o Options) http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is right there
	}
	mux := http.NewServeMux()
	for _, path := range []string{"/" + adminv1connect.AdminServiceName + "/", "/files/", "/livez", "/readyz"} {
		mux.Handle(path, o.Contract)
	}
	for _, path := range []string{"/sign-in/provider", "/sign-in/provider/"} {
		mux.Handle(path, o.SignIn)
	}
	mux.Handle("/extension/", o.Extension)
	mux.Handle("/install/", o.Links)
	mux.Handle("/", pages(built))
	return guarded(o.Secure, mux)
}
