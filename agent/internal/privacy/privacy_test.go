package privacy

import "testing"

func TestIsBrowser(t *testing.T) {
	for _, name := range []string{
		"chromium", "Chromium", "chromium-browser", "chrome", "chrome.exe", "Google-chrome", "google-chrome-beta",
		"Google Chrome", "firefox", "firefox-esr", "Firefox.exe", "firefox.real", "Navigator", "msedge.exe",
		"Microsoft-edge-dev", "brave", "Brave-browser", "opera", "vivaldi-bin", "Vivaldi-stable", "librewolf",
		"org.gnome.Epiphany", "epiphany", "Safari", "qutebrowser", "zen", "Tor Browser", "org.mozilla.firefox",
		"com.google.Chrome",
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
		"names only":            {Window{App: "xterm", Title: page}, Rules{NamesOnly: true, TitleOfUnknown: true}, Allowed{}},
		"names only, a browser": {Window{App: "chromium", Title: page, URL: url, Told: No}, Rules{NamesOnly: true}, Allowed{}},
	} {
		if got := Allow(test.window, test.rules); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
