package shelf

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"time"

	"github.com/dayline-project/dayline/shared/extension"
)

// ExtensionPath of what is handed out, below the address of the pages' listener.
const ExtensionPath = "/extension"

// Handler hands out what is held, to anybody: it is no secret, and browsers ask for it with nobody signed in. origin is where
// browsers find the pages' listener, without a slash at its end.
func (e *Extension) Handler(origin func() string) http.Handler {
	mux := http.NewServeMux()
	for name, one := range map[string]struct {
		contentType string
		content     func(held *extension.Package, base string) ([]byte, error)
	}{
		extension.UpdatesXML:  {"application/xml; charset=utf-8", updatesXML},
		extension.UpdatesJSON: {"application/json", updatesJSON},
		extension.CRXName:     {"application/x-chrome-extension", func(held *extension.Package, _ string) ([]byte, error) { return held.CRX, nil }},
		extension.XPIName:     {"application/x-xpinstall", func(held *extension.Package, _ string) ([]byte, error) { return held.XPI, nil }},
	} {
		mux.HandleFunc("GET "+ExtensionPath+"/"+name, func(w http.ResponseWriter, r *http.Request) {
			held, _ := e.Held()
			if held == nil {
				http.Error(w, "this collector hands out no browser extension", http.StatusNotFound)
				return
			}
			content, err := one.content(held, origin()+ExtensionPath)
			if err != nil {
				http.Error(w, "the collector failed", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", one.contentType)
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("ETag", `"`+extension.PackedOf(name, content).SHA256+`"`)
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		})
	}
	return mux
}

// updatesXML tells browsers of Chromium's kind the newest version
// (https://developer.chrome.com/docs/extensions/how-to/distribute/host-on-linux#update-manifest).
func updatesXML(held *extension.Package, base string) ([]byte, error) {
	type check struct {
		Codebase string `xml:"codebase,attr"`
		SHA256   string `xml:"hash_sha256,attr"`
		Size     int64  `xml:"size,attr"`
		Version  string `xml:"version,attr"`
	}
	type app struct {
		ID    string `xml:"appid,attr"`
		Check check  `xml:"updatecheck"`
	}
	crx := held.Packed[0]
	text, err := xml.Marshal(struct {
		XMLName  xml.Name `xml:"http://www.google.com/update2/response gupdate"`
		Protocol string   `xml:"protocol,attr"`
		App      app      `xml:"app"`
	}{Protocol: "2.0", App: app{ID: held.ID, Check: check{base + "/" + crx.Name, crx.SHA256, crx.Size, held.Version}}})
	return append([]byte(xml.Header), text...), err
}

// updatesJSON tells Firefox the newest version (https://extensionworkshop.com/documentation/manage/updating-your-extension/).
func updatesJSON(held *extension.Package, base string) ([]byte, error) {
	type dict = map[string]any
	xpi := held.Packed[1]
	return json.Marshal(dict{"addons": dict{extension.FirefoxID: dict{"updates": []dict{
		{"version": held.Version, "update_link": base + "/" + xpi.Name, "update_hash": "sha256:" + xpi.SHA256},
	}}}})
}
