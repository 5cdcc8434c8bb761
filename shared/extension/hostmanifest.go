package extension

import (
	"encoding/json"
	"fmt"
	"path"
)

// hostManifest is what a browser reads of its native messaging host; Chromium's kind and Firefox name those who may ask it
// each in a field of its own.
type hostManifest struct {
	Name              string   `json:"name"`
	Description       string   `json:"description"`
	Path              string   `json:"path"`
	Type              string   `json:"type"`
	AllowedOrigins    []string `json:"allowed_origins,omitempty"`
	AllowedExtensions []string `json:"allowed_extensions,omitempty"`
}

// HostManifests introduce the agent at this path to a browser, for every user of a computer: files by their places, where
// folders may be missing; on Windows one file, to lie where users may read it, and which the keys of HostPlaces lead to. ErrNoKey where this
// build would take none of that browser's word.
func HostManifests(b Browser, system, program string) ([]File, error) {
	if b == Firefox {
		return HostManifestsOf(b, system, program, nil)
	}
	ids, err := ChromiumIDs()
	if err != nil {
		return nil, err
	}
	return HostManifestsOf(b, system, program, ids)
}

// HostManifestsOf introduce an agent of another build, which believes these ids in browsers of Chromium's kind.
func HostManifestsOf(b Browser, system, program string, ids []string) ([]File, error) {
	if _, known := table[b].on[system]; !known {
		return nil, fmt.Errorf("extension: host manifest: no browser %q on %q is known", b, system)
	}
	manifest := hostManifest{Name: Host, Description: "Dayline agent: what the extension is told of goes to it alone", Path: program, Type: "stdio"}
	kind := "chromium"
	if b == Firefox {
		kind, manifest.AllowedExtensions = "firefox", []string{FirefoxID}
	} else {
		for _, id := range ids {
			manifest.AllowedOrigins = append(manifest.AllowedOrigins, "chrome-extension://"+id+"/")
		}
	}
	content, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("extension: host manifest: %w", err)
	}
	content = append(content, '\n')
	if system == Windows {
		return []File{{Host + "." + kind + ".json", content}}, nil
	}
	var files []File
	for _, place := range HostPlaces(b, system) {
		files = append(files, File{place, content})
	}
	return files, nil
}

// HostPlaces are where a browser looks for the host: files, on Windows keys below HKEY_LOCAL_MACHINE, whose default value leads to
// one.
func HostPlaces(b Browser, system string) []string {
	var places []string
	for _, above := range table[b].on[system].hosts {
		if system == Windows {
			places = append(places, above+`\`+Host)
		} else {
			places = append(places, path.Join(above, Host+".json"))
		}
	}
	return places
}
