package extension

// Browser is one of those that the extension is for.
type Browser string

// The browsers. Vivaldi and Opera look where Chrome does.
const (
	Chrome   Browser = "chrome"
	Chromium Browser = "chromium"
	Edge     Browser = "edge"
	Brave    Browser = "brave"
	Firefox  Browser = "firefox"
)

// The systems.
const (
	Linux   = "linux"
	Windows = "windows"
	MacOS   = "macos"
)

// Browsers are all of them.
func Browsers() []Browser { return []Browser{Chrome, Chromium, Edge, Brave, Firefox} }

// Name is what people call it.
func (b Browser) Name() string { return table[b].name }

// File is one that a browser reads, or that an administrator gives to the system's management.
type File struct {
	// Name is its place on Linux and, of a host's manifest, on a Mac; else what the file is called.
	Name    string
	Content []byte
}

// where is what a browser looks for on one system.
type where struct {
	// programs tell that it is installed: their paths, on Windows their names below App Paths.
	programs []string
	// hosts are the folders of the host manifests for every user; on Windows the keys, below HKEY_LOCAL_MACHINE.
	hosts []string
	// policy is the file of its policies; on Windows the key, on a Mac the domain of preferences.
	policy string
}

// table is what the browsers' makers write, and for Brave what was seen to be read:
// https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging
// https://learn.microsoft.com/microsoft-edge/extensions-chromium/developer-guide/native-messaging
// https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests
var table = map[Browser]struct {
	name string
	on   map[string]where
}{
	Chrome: {"Chrome", map[string]where{
		Linux: {[]string{"/usr/bin/google-chrome-stable", "/usr/bin/google-chrome"}, []string{"/etc/opt/chrome/native-messaging-hosts"},
			"/etc/opt/chrome/policies/managed/dayline.json"},
		Windows: {[]string{"chrome.exe"}, []string{`SOFTWARE\Google\Chrome\NativeMessagingHosts`}, `SOFTWARE\Policies\Google\Chrome`},
		MacOS:   {[]string{"/Applications/Google Chrome.app"}, []string{"/Library/Google/Chrome/NativeMessagingHosts"}, "com.google.Chrome"},
	}},
	Chromium: {"Chromium", map[string]where{
		Linux: {[]string{"/usr/bin/chromium", "/usr/bin/chromium-browser"}, []string{"/etc/chromium/native-messaging-hosts"},
			"/etc/chromium/policies/managed/dayline.json"},
		Windows: {[]string{"chromium.exe"}, []string{`SOFTWARE\Chromium\NativeMessagingHosts`}, `SOFTWARE\Policies\Chromium`},
		MacOS: {[]string{"/Applications/Chromium.app"}, []string{"/Library/Application Support/Chromium/NativeMessagingHosts"},
			"org.chromium.Chromium"},
	}},
	Edge: {"Edge", map[string]where{
		Linux: {[]string{"/usr/bin/microsoft-edge-stable", "/usr/bin/microsoft-edge"}, []string{"/etc/opt/edge/native-messaging-hosts"},
			"/etc/opt/edge/policies/managed/dayline.json"},
		Windows: {[]string{"msedge.exe"}, []string{`SOFTWARE\Microsoft\Edge\NativeMessagingHosts`}, `SOFTWARE\Policies\Microsoft\Edge`},
		MacOS:   {[]string{"/Applications/Microsoft Edge.app"}, []string{"/Library/Microsoft/Edge/NativeMessagingHosts"}, "com.microsoft.Edge"},
	}},
	Brave: {"Brave", map[string]where{
		Linux: {[]string{"/usr/bin/brave-browser-stable", "/usr/bin/brave-browser"}, []string{"/etc/opt/chrome/native-messaging-hosts"},
			"/etc/brave/policies/managed/dayline.json"},
		Windows: {[]string{"brave.exe"}, []string{`SOFTWARE\BraveSoftware\Brave-Browser\NativeMessagingHosts`, `SOFTWARE\Google\Chrome\NativeMessagingHosts`},
			`SOFTWARE\Policies\BraveSoftware\Brave`},
		MacOS: {[]string{"/Applications/Brave Browser.app"}, []string{"/Library/Google/Chrome/NativeMessagingHosts"}, "com.brave.Browser"},
	}},
	Firefox: {"Firefox", map[string]where{
		// Fedora and its kin have theirs in lib64.
		Linux: {[]string{"/usr/bin/firefox", "/usr/bin/firefox-esr"},
			[]string{"/usr/lib/mozilla/native-messaging-hosts", "/usr/lib64/mozilla/native-messaging-hosts"}, "/etc/firefox/policies/policies.json"},
		Windows: {[]string{"firefox.exe"}, []string{`SOFTWARE\Mozilla\NativeMessagingHosts`}, `SOFTWARE\Policies\Mozilla\Firefox`},
		MacOS: {[]string{"/Applications/Firefox.app"}, []string{"/Library/Application Support/Mozilla/NativeMessagingHosts"},
			"org.mozilla.firefox"},
	}},
}

// Programs tell that a browser is installed, by one of them: their paths, on Windows their names below App Paths.
func Programs(b Browser, system string) []string { return table[b].on[system].programs }
