package extension

// Names of what is packed.
const (
	// BrowsersManifest is the extension's own, which browsers read.
	BrowsersManifest = "manifest.json"
)
