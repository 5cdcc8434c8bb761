// Package privacy decides what of a window may be told at all, before the account's privacy settings are applied by
// the time rules: whether a browser's window is private, and what is left of one that is or may be.
package privacy

import (
	"slices"
	"strings"
	"unicode"
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
	// App is the program's name, Class what its window says of itself or the identifier of its bundle, where desktops have
	// one of them.
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
// Without that word and that ending a browser's window is Unknown. Chromium's private windows are marked by nothing, save
// on a Mac. Firefox ends their titles in words of the person's language, which also may be switched off, so that their
// absence proves nothing either. Safari does as Firefox does. Arc's titles are those of its pages.
func Judge(w Window) Private {
	switch {
	case !IsBrowser(w.App) && !IsBrowser(w.Class):
		if w.Told == Yes {
			return Yes
		}
		return No
	case isOnlyPrivate(w.App), isOnlyPrivate(w.Class), isMarked(w.Title), endsPrivate(w.Title):
		return Yes
	default:
		return w.Told
	}
}

// IsBrowser tells whether a program is a web browser, by its executable's name, its window's class or its bundle's
// name. One that is not known here is treated as any other program.
func IsBrowser(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".exe")
	if slices.ContainsFunc(bundles, func(bundle string) bool { return name == bundle || strings.HasPrefix(name, bundle+".") }) {
		return true
	}
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
	"360chrome", "360se", "angelfish", "avast secure browser", "avastbrowser", "avg secure browser", "avgbrowser",
	"basilisk", "browser", "ccleaner browser", "ccleanerbrowser", "dooble", "duckduckgo", "falkon", "gnome-www-browser",
	"iexplore", "iridium", "iridium-browser", "k-meleon", "konqueror", "luakit", "maxthon", "microsoftedge", "midori", "min",
	"mullvad browser", "mullvadbrowser", "netsurf", "netsurf-gtk", "netsurf-gtk3", "nyxt", "omniweb", "orion", "pale moon",
	"qqbrowser", "qutebrowser", "slimjet", "sogouexplorer", "surf", "ucbrowser", "ulaa", "vimb", "wavebox", "whale",
	"www-browser", "x-www-browser", "yandex_browser",
}

// reverseDomains are the namespaces window classes of some browsers come with: org.gnome.Epiphany, org.kde.falkon.
var reverseDomains = []string{
	"com.brave.", "com.google.", "com.microsoft.", "com.vivaldi.", "net.waterfox.", "one.ablaze.", "app.zen_browser.",
	"io.gitlab.librewolf-community.", "org.chromium.", "org.gnome.", "org.kde.", "org.mozilla.", "org.qutebrowser.",
}

// bundles are the identifiers of browsers on macOS, in lower case. What comes behind another dot is a channel or an
// application of the web: com.google.Chrome.canary.
var bundles = []string{
	"ai.perplexity.comet", "app.zen-browser.zen", "com.alohabrowser.alohabrowser", "com.apple.safari",
	"com.apple.safaritechnologypreview", "com.avast.avastsecurebrowser", "com.avast.browser", "com.bookry.wavebox",
	"com.brave.browser", "com.browseros.browseros", "com.coccoc.coccoc", "com.duckduckgo.macos.browser",
	"com.fenrir-inc.sleipnir", "com.ghostbrowser.gb1", "com.google.chrome", "com.hiddenreflex.epic", "com.kagi.kagimacos",
	"com.maxthon.mac.maxthon", "com.microsoft.edgemac", "com.naver.whale", "com.openai.atlas", "com.operasoftware.opera",
	"com.operasoftware.operaair", "com.operasoftware.operadeveloper", "com.operasoftware.operagx",
	"com.operasoftware.operanext", "com.pushplaylabs.sidekick", "com.sigmaos.sigmaos.macos", "com.vivaldi.vivaldi",
	"company.thebrowser.browser", "company.thebrowser.dia", "de.icab.icab", "de.iridiumbrowser",
	"io.gitlab.librewolf-community", "net.imput.helium", "net.librewolf.librewolf", "net.mullvad.mullvadbrowser",
	"net.waterfox.waterfox", "one.ablaze.floorp", "org.blisk.blisk", "org.chromium.chromium", "org.chromium.thorium",
	"org.mozilla.firefox", "org.mozilla.firefoxdeveloperedition", "org.mozilla.floorp", "org.mozilla.nightly",
	"org.qutebrowser.qutebrowser", "org.torproject.torbrowser", "ru.cryptopro.chromium-gost",
	"ru.yandex.desktop.yandex-browser",
}

// isOnlyPrivate tells whether a browser, by any of its names, has no window that is not private.
func isOnlyPrivate(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"tor browser", "tor-browser", "torbrowser", "mullvad browser", "mullvadbrowser"},
		func(known string) bool { return strings.Contains(name, known) })
}

// isMarked tells whether a title ends as Chromium's names of private windows do for those who cannot see, which on a Mac
// are their titles: in all its languages with a word in brackets behind the browser's name, "News - Google Chrome
// (Incognito)", "(Guest)" of those that are forgotten likewise. A person's profile comes behind a dash: "News - Google
// Chrome - Ada".
//
// https://chromium.googlesource.com/chromium/src/+/main/chrome/app/generated_resources.grd
// (IDS_ACCESSIBLE_INCOGNITO_WINDOW_TITLE_FORMAT)
func isMarked(title string) bool {
	title = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, title)
	dash := max(strings.LastIndex(title, " - "), strings.LastIndex(title, " – "), strings.LastIndex(title, " — "))
	if dash < 0 {
		return false
	}
	end := strings.TrimLeft(title[dash:], " -–—")
	return strings.ContainsAny(end, "(（") &&
		slices.ContainsFunc(products, func(product string) bool { return strings.HasPrefix(end, product) })
}

// products are what Chromium's browsers call themselves at the end of their windows' titles, in every language, before
// the channel. The windows of web applications end as these wish.
var products = []string{"Brave", "Chromium", "Google Chrome", "Microsoft Edge", "Opera", "Vivaldi"}

// endsPrivate tells whether a title ends as those of private windows do: in English and in the languages most met. Edge
// says it in one word for all languages, before its own name.
func endsPrivate(title string) bool {
	title = strings.ToLower(strings.TrimRight(title, " )]）"))
	if strings.Contains(title, "[inprivate]") || strings.HasPrefix(title, thaiSafari) {
		return true
	}
	return slices.ContainsFunc(privateEndings, func(ending string) bool { return strings.HasSuffix(title, ending) })
}

// thaiSafari is what Safari's private windows begin with in Thai.
const thaiSafari = "ท่องเว็บแบบส่วนตัว"

var privateEndings = []string{
	"private browsing", "incognito", "inprivate", "private window",
	"privater modus", "privates fenster", "inkognito", "navigation privée", "navegación privada", "incógnito",
	"navigazione anonima", "in incognito", "navegação privativa", "navegação privada", "navegação anônima",
	"privénavigatie", "privat surfning", "privat browsing", "privat nettlesing", "yksityinen selaus",
	"tryb prywatny", "anonymní prohlížení", "приватный просмотр", "инкогнито", "gizli gezinti",
	"プライベートブラウジング", "隐私浏览", "隱私瀏覽", "シークレット", "シークレット モード", "无痕模式", "無痕模式", "시크릿", "시크릿 모드",
	"inkognitó", "inkognitó mód", "incognito-tila", "anonymní režim", "navegação anónima", "анонімного перегляду", "gizli mod",
	"ανώνυμη περιήγηση", "ιδιωτική περιήγηση", "приватний перегляд", "поверително сърфиране", "privát böngészés",
	"navigare privată", "súkromné prehliadanie", "duyệt web riêng tư", "사생활 보호 모드", "גלישה פרטית", "تصفح خاص",
	// Safari's, where they are not Firefox's.
	"privates surfen", "navigazione privata", "частный доступ", "özel dolaşma", "özel dolaşım", "プライベートブラウズ", "无痕浏览",
	"私密瀏覽", "개인정보 보호 브라우징", "التصفح الخاص",
}
