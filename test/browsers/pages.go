package browsers

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
)

// Pages are the pages that browsers go to: /p/NAME is titled "Page NAME", or as ?title= says, and then with each letter that is typed
// into it.
type Pages struct{ *httptest.Server }

var page = template.Must(template.New("page").Parse(`<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<title>{{.}}</title><body style="font:2em sans-serif">{{.}}
<script>onkeydown = e => { if (e.key.length == 1) document.title = {{.}} + " " + e.key }</script>`))

// NewPages serves them until Close.
func NewPages() Pages {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /p/{name...}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, cmp.Or(r.FormValue("title"), Title(r.PathValue("name")))) // the browser may have left
	})
	return Pages{httptest.NewServer(mux)}
}

// At is the address of a page.
func (p Pages) At(name string) string { return p.URL + "/p/" + name }

// Title of a page.
func Title(name string) string { return "Page " + name }

// Within is a script that goes to another page without loading it, as single-page applications do. Its title is as told.
func (p Pages) Within(name, title string) string {
	return fmt.Sprintf("history.pushState(null, '', %q); document.title = %q; undefined", "/p/"+name, title)
}
