// Package privacy decides what of a window may be told at all, before the account's privacy settings are applied by
// the time rules: whether a browser's window is private, and what is left of one that is or may be.
package privacy

import (
	"slices"
	"strings"
)

// Private is whether a window is a private (incognito) one.
type Private int

// Nothing said is Unknown.
const (
	Unknown Private = iota
	No
	Yes
)

// Rules are what the settings say about it.
type Rules struct {
	// TitleOfUnknown lets the title of a browser's window through although nobody knows whether it is private
	// (`browsers.unknown_private: title`); the default is to take such a window for private.
	TitleOfUnknown bool
	// ReadAddresses lets a page's address be read through the system's accessibility interface, of a window that shows
	// no sign of being private and whose title may be told (`browsers.accessibility`).
	ReadAddresses bool
	// NamesOnly lets application names through and nothing else: the settings require what this agent lacks
	// (security.md 4).
	NamesOnly bool
}

// Window is the window in front, as it was seen.
type Window struct {
	// App is the program's name, Class what its window says of itself, where desktops have that.
	App, Class string
	Title, URL string
	// Told is what the browser's extension said, or Yes where the accessibility interface shows a sign.
	Told Private
}

// Allowed is what may be told of a window.
type Allowed struct {
	Title, URL string
	Private    bool
}

// Allow applies the private-window rule (security.md 4): no title and no address of a private window or, unless the
// rules say otherwise, of a browser's window that may be one. An address of the latter was read through the
// accessibility interface, so that it goes with the switch for that.
func Allow(w Window, rules Rules) Allowed {
	if rules.NamesOnly {
		return Allowed{}
	}
	switch Judge(w) {
	case No:
		return Allowed{Title: w.Title, URL: w.URL}
	case Unknown:
		if MayReadAddress(w, rules) {
			return Allowed{Title: w.Title, URL: w.URL}
		}
		if rules.TitleOfUnknown {
			return Allowed{Title: w.Title}
		}
	}
	return Allowed{Private: true}
}

// MayReadAddress tells whether the address of a window's page may be read through the accessibility interface: only of
// a browser's window that shows no sign of being private and whose title may be told all the same.
func MayReadAddress(w Window, rules Rules) bool {
	return rules.ReadAddresses && rules.TitleOfUnknown && !rules.NamesOnly && Judge(w) == Unknown
}

// Judge tells whether a window is private. What is no browser is not. Of a browser the extension's word counts, save
// that a title with a private window's ending is believed against it.
//
// Without that word and that ending a browser's window is Unknown. Chromium's private windows are marked by nothing.
// Firefox ends their titles in words of the person's language, which also may be switched off, so that their absence
// proves nothing either.
func Judge(w Window) Private {
	switch {
	case !IsBrowser(w.App) && !IsBrowser(w.Class):
		if w.Told == Yes {
			return Yes
		}
		return No
	case endsPrivate(w.Title):
		return Yes
	default:
		return w.Told
	}
}

// IsBrowser tells whether a program is a web browser, by its executable's name, its window's class or its bundle's
// name. One that is not known here is treated as any other program.
func IsBrowser(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".exe")
	for _, domain := range reverseDomains {
		name = strings.TrimPrefix(name, domain)
	}
	if slices.Contains(browsers, name) {
		return true
	}
	return slices.ContainsFunc(families, func(family string) bool {
		rest, found := strings.CutPrefix(name, family)
		return found && (rest == "" || strings.ContainsAny(rest[:1], "-_. "))
	})
}

// families are names that are followed by a channel: google-chrome-beta, firefox-esr, microsoft-edge-dev.
var families = []string{
	"arc", "brave", "chrome", "chromium", "epiphany", "firefox", "floorp", "google-chrome", "google chrome", "icecat",
	"iceweasel", "librewolf", "microsoft-edge", "microsoft edge", "msedge", "navigator", "opera", "palemoon", "safari",
	"seamonkey", "thorium", "tor browser", "torbrowser", "ungoogled-chromium", "vivaldi", "waterfox", "yandex", "zen",
}

// browsers are names that stand alone; a family would take in what only begins like them. "browser" is Yandex' on
// Windows.
var browsers = []string{
	"360chrome", "360se", "angelfish", "avastbrowser", "avgbrowser", "basilisk", "browser", "ccleanerbrowser", "dooble",
	"duckduckgo", "falkon", "gnome-www-browser", "iexplore", "iridium", "iridium-browser", "k-meleon", "konqueror", "luakit",
	"maxthon", "microsoftedge", "midori", "min", "mullvadbrowser", "mullvad browser", "netsurf", "netsurf-gtk",
	"netsurf-gtk3", "nyxt", "orion", "qqbrowser", "qutebrowser", "slimjet", "sogouexplorer", "surf", "ucbrowser", "vimb",
	"whale", "www-browser", "x-www-browser", "yandex_browser",
}

// reverseDomains are the namespaces window classes of some browsers come with: org.gnome.Epiphany, org.kde.falkon.
var reverseDomains = []string{
	"com.brave.", "com.google.", "com.microsoft.", "com.vivaldi.", "net.waterfox.", "one.ablaze.", "app.zen_browser.",
	"io.gitlab.librewolf-community.", "org.chromium.", "org.gnome.", "org.kde.", "org.mozilla.", "org.qutebrowser.",
}

// endsPrivate tells whether a title ends as those of private windows do: in English and in the languages most met. Edge
// says it in one word for all languages, before its own name.
func endsPrivate(title string) bool {
	title = strings.ToLower(strings.TrimRight(title, " )]"))
	if strings.Contains(title, "[inprivate]") {
		return true
	}
	return slices.ContainsFunc(privateEndings, func(ending string) bool { return strings.HasSuffix(title, ending) })
}

var privateEndings = []string{
	"private browsing", "incognito", "inprivate", "private window",
	"privater modus", "privates fenster", "inkognito", "navigation privée", "navegación privada", "incógnito",
	"navigazione anonima", "in incognito", "navegação privativa", "navegação privada", "navegação anônima",
	"privénavigatie", "privat surfning", "privat browsing", "privat nettlesing", "yksityinen selaus",
	"tryb prywatny", "anonymní prohlížení", "приватный просмотр", "инкогнито", "gizli gezinti",
	"プライベートブラウジング", "隐私浏览", "隱私瀏覽", "シークレット", "シークレット モード", "无痕模式", "無痕模式", "시크릿", "시크릿 모드",
	"inkognitó", "inkognitó mód", "incognito-tila", "anonymní režim", "navegação anónima", "анонімного перегляду", "gizli mod",
	"ανώνυμη περιήγηση",
}
