package privacy

import "testing"

func TestIsBrowser(t *testing.T) {
	for _, name := range []string{
		"chromium", "Chromium", "chromium-browser", "chrome", "chrome.exe", "Google-chrome", "google-chrome-beta",
		"Google Chrome", "firefox", "firefox-esr", "Firefox.exe", "firefox.real", "Navigator", "msedge.exe",
		"Microsoft-edge-dev", "brave", "Brave-browser", "opera", "vivaldi-bin", "Vivaldi-stable", "librewolf",
		"org.gnome.Epiphany", "epiphany", "Safari", "qutebrowser", "zen", "Tor Browser", "org.mozilla.firefox",
		"com.google.Chrome", "browser.exe", "whale.exe", "360se.exe", "MicrosoftEdge.exe",
	} {
		if !IsBrowser(name) {
			t.Errorf("%q is a browser", name)
		}
	}
	for _, name := range []string{
		"", "xterm", "chromed", "zenity", "operator", "archive", "minecraft", "code", "thunderbird", "org.gnome.Nautilus",
		"python3", "surface", "org.kde.dolphin",
	} {
		if IsBrowser(name) {
			t.Errorf("%q is no browser", name)
		}
	}
}

func TestAllow(t *testing.T) {
	const page = "canary page"
	const url = "https://canary.example/"
	firefox := page + " — Mozilla Firefox"
	for name, test := range map[string]struct {
		window Window
		rules  Rules
		want   Allowed
	}{
		"no browser":       {Window{App: "xterm", Title: page}, Rules{}, Allowed{Title: page}},
		"unknown":          {Window{App: "chromium", Title: page, URL: url}, Rules{}, Allowed{Private: true}},
		"unknown by class": {Window{App: "python3", Class: "qutebrowser", Title: page}, Rules{}, Allowed{Private: true}},
		"unknown, titles let through": {Window{App: "chromium", Title: page, URL: url}, Rules{TitleOfUnknown: true},
			Allowed{Title: page}},
		"unknown, addresses read": {Window{App: "chrome.exe", Title: page, URL: url}, Rules{TitleOfUnknown: true, ReadAddresses: true},
			Allowed{Title: page, URL: url}},
		"unknown, addresses read and titles not let through": {Window{App: "chrome.exe", Title: page, URL: url}, Rules{ReadAddresses: true},
			Allowed{Private: true}},
		"a sign of being private": {Window{App: "chrome.exe", Title: page, URL: url, Told: Yes}, Rules{TitleOfUnknown: true, ReadAddresses: true},
			Allowed{Private: true}},
		"told no": {Window{App: "chromium", Title: page, URL: url, Told: No}, Rules{}, Allowed{Title: page, URL: url}},
		"told yes": {Window{App: "chromium", Title: page, URL: url, Told: Yes}, Rules{TitleOfUnknown: true},
			Allowed{Private: true}},
		"Firefox": {Window{App: "firefox-esr", Title: firefox}, Rules{}, Allowed{Private: true}},
		"Firefox, titles let through": {Window{App: "firefox-esr", Title: firefox}, Rules{TitleOfUnknown: true},
			Allowed{Title: firefox}},
		"Firefox, marked": {Window{App: "firefox-esr", Title: firefox + " Private Browsing"}, Rules{TitleOfUnknown: true},
			Allowed{Private: true}},
		"Firefox, marked of old": {Window{App: "firefox", Title: firefox + " (Private Browsing)", Told: No}, Rules{TitleOfUnknown: true},
			Allowed{Private: true}},
		"Firefox, marked in German": {Window{App: "firefox", Title: firefox + " Privater Modus"}, Rules{TitleOfUnknown: true},
			Allowed{Private: true}},
		"Edge, marked": {Window{App: "msedge.exe", Title: page + " - [InPrivate]"}, Rules{TitleOfUnknown: true},
			Allowed{Private: true}},
		"Edge, marked before its name": {Window{App: "msedge.exe", Title: page + " - [InPrivate] - Microsoft\u200b Edge"}, Rules{TitleOfUnknown: true},
			Allowed{Private: true}},
		"names only":            {Window{App: "xterm", Title: page}, Rules{NamesOnly: true, TitleOfUnknown: true}, Allowed{}},
		"names only, a browser": {Window{App: "chromium", Title: page, URL: url, Told: No}, Rules{NamesOnly: true}, Allowed{}},
	} {
		if got := Allow(test.window, test.rules); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestMayReadAddress(t *testing.T) {
	read := Rules{TitleOfUnknown: true, ReadAddresses: true}
	for name, test := range map[string]struct {
		window Window
		rules  Rules
		want   bool
	}{
		"a browser":              {Window{App: "chrome.exe", Title: "page"}, read, true},
		"switched off":           {Window{App: "chrome.exe", Title: "page"}, Rules{TitleOfUnknown: true}, false},
		"titles not let through": {Window{App: "chrome.exe", Title: "page"}, Rules{ReadAddresses: true}, false},
		"names only":             {Window{App: "chrome.exe", Title: "page"}, Rules{TitleOfUnknown: true, ReadAddresses: true, NamesOnly: true}, false},
		"marked private":         {Window{App: "msedge.exe", Title: "page - [InPrivate]"}, read, false},
		"told private":           {Window{App: "chrome.exe", Title: "page", Told: Yes}, read, false},
		"told by the extension":  {Window{App: "chrome.exe", Title: "page", Told: No}, read, false},
		"no browser":             {Window{App: "excel.exe", Title: "page"}, read, false},
	} {
		if got := MayReadAddress(test.window, test.rules); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
