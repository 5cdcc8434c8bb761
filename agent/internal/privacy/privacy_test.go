package privacy

import "testing"

func TestIsBrowser(t *testing.T) {
	for _, name := range []string{
		"chromium", "Chromium", "chromium-browser", "chrome", "chrome.exe", "Google-chrome", "google-chrome-beta",
		"Google Chrome", "firefox", "firefox-esr", "Firefox.exe", "firefox.real", "Navigator", "msedge.exe",
		"Microsoft-edge-dev", "brave", "Brave-browser", "opera", "vivaldi-bin", "Vivaldi-stable", "librewolf",
		"org.gnome.Epiphany", "epiphany", "Safari", "qutebrowser", "zen", "Tor Browser", "org.mozilla.firefox",
		"com.google.Chrome", "browser.exe", "whale.exe", "360se.exe", "MicrosoftEdge.exe",
		// On a Mac: executables, and bundles with their channels.
		"Google Chrome Beta", "Google Chrome Dev", "Google Chrome Canary", "Microsoft Edge Canary", "Brave Browser",
		"Brave Browser Nightly", "Safari Technology Preview", "Arc", "Opera GX", "Vivaldi", "DuckDuckGo", "Orion",
		"com.google.Chrome.beta", "com.google.Chrome.dev", "com.google.Chrome.canary", "com.google.Chrome.app.cadlkienfkclaiaibeoongdcgmdikeeg",
		"com.microsoft.edgemac", "com.microsoft.edgemac.Beta", "com.microsoft.edgemac.Canary", "com.brave.Browser.nightly",
		"com.apple.Safari", "com.apple.SafariTechnologyPreview", "org.mozilla.firefox", "org.mozilla.firefoxdeveloperedition",
		"org.mozilla.nightly", "company.thebrowser.Browser", "company.thebrowser.dia", "com.operasoftware.OperaGX",
		"com.vivaldi.Vivaldi.snapshot", "org.torproject.torbrowser", "app.zen-browser.zen", "com.kagi.kagimacOS",
		"Avast Secure Browser", "AVG Secure Browser", "CCleaner Browser", "com.avast.browser", "com.bookry.wavebox", "com.hiddenreflex.Epic",
	} {
		if !IsBrowser(name) {
			t.Errorf("%q is a browser", name)
		}
	}
	for _, name := range []string{
		"", "xterm", "chromed", "zenity", "operator", "archive", "minecraft", "code", "thunderbird", "org.gnome.Nautilus",
		"python3", "surface", "org.kde.dolphin", "com.apple.finder", "com.apple.SafariServices", "com.google.Chromecast",
		"com.microsoft.edgemachine", "org.mozilla.thunderbird", "com.googlecode.iterm2", "dia", "company.thebrowser.",
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
		"Tor Browser": {Window{App: "firefox", Class: "org.torproject.torbrowser", Title: page, Told: No}, Rules{TitleOfUnknown: true},
			Allowed{Private: true}},
		"no browser, though its title ends so": {Window{App: "Numbers", Class: "com.apple.Numbers", Title: "Budget, Private Browsing"}, Rules{},
			Allowed{Title: "Budget, Private Browsing"}},
		"by the bundle alone":   {Window{App: "Comet", Class: "ai.perplexity.comet", Title: page}, Rules{}, Allowed{Private: true}},
		"names only":            {Window{App: "xterm", Title: page}, Rules{NamesOnly: true, TitleOfUnknown: true}, Allowed{}},
		"names only, a browser": {Window{App: "chromium", Title: page, URL: url, Told: No}, Rules{NamesOnly: true}, Allowed{}},
	} {
		if got := Allow(test.window, test.rules); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// What a Mac's windows are called.
func TestPrivateOnAMac(t *testing.T) {
	for _, test := range []struct {
		app, title string
		want       Private
	}{
		{"Google Chrome", "News - Google Chrome", Unknown},
		{"Google Chrome", "News - Google Chrome - Person 1", Unknown},
		{"Google Chrome", "News - Google Chrome – Ada (Example)", Unknown},
		{"Google Chrome", "News (2) - Google Chrome", Unknown},
		{"Google Chrome", "Google Chrome (Incognito) explained - Google Chrome", Unknown},
		{"Google Chrome", "Mail - Inbox (2)", Unknown},
		{"Google Chrome", "", Unknown},
		{"Google Chrome", "News - Google Chrome (Incognito)", Yes},
		{"Google Chrome", "News - Google Chrome (Guest)", Yes},
		{"Google Chrome", "News - Audio playing - Google Chrome (Nặc danh)", Yes},
		{"Google Chrome", "新聞 - Google Chrome（シークレット モード）", Yes},
		{"Google Chrome", "News - Google Chrome \u200f(גלישה בסתר)", Yes},
		{"Google Chrome Canary", "News - Google Chrome Canary (Navigation privée)", Yes},
		{"Microsoft Edge", "News - Microsoft\u200b Edge", Unknown},
		{"Microsoft Edge", "News - Microsoft\u200b Edge (InPrivate)", Yes},
		{"Microsoft Edge", "News - [InPrivate] - Microsoft Edge", Yes},
		{"Brave Browser", "News - Brave", Unknown},
		{"Brave Browser", "News - Brave (Private)", Yes},
		{"Brave Browser", "News - Brave (Private window with Tor)", Yes},
		{"firefox", "Downloads - Google Chrome (64 bit) — Mozilla Firefox", Unknown},
		{"firefox", "News", Unknown},
		{"firefox", "News — Private Browsing", Yes},
		{"firefox", "News — Tryb prywatny", Yes},
		{"firefox", "News — 사생활 보호 모드", Yes},
		{"Safari", "The Edge (musician)", Unknown},
		{"Safari", "Notes on Private Browsing, and other topics", Unknown},
		{"Safari", "News, Private Browsing", Yes},
		{"Safari", "News, Privates Surfen", Yes},
		{"Safari", "News、プライベートブラウズ", Yes},
		{"Safari", "ท่องเว็บแบบส่วนตัวเรื่องNews", Yes},
		{"Arc", "News", Unknown},
	} {
		if got := Judge(Window{App: test.app, Title: test.title}); got != test.want {
			t.Errorf("%s %q: %v", test.app, test.title, got)
		}
	}
}

// Titles are other programs' words.
func FuzzJudge(f *testing.F) {
	for _, title := range []string{"News - Google Chrome (Incognito)", " - (", " – Brave\xff（", "\u200f", "[InPrivate]", "ท่อง"} {
		f.Add("Google Chrome", title)
	}
	f.Fuzz(func(t *testing.T, app, title string) {
		judged := Judge(Window{App: app, Title: title})
		if got := Allow(Window{App: app, Title: title, URL: "https://example.com"}, Rules{}); judged != No && got != (Allowed{Private: true}) {
			t.Fatalf("%q %q: %+v", app, title, got)
		}
	})
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
