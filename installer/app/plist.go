package app

import (
	"crypto/sha1" //nolint:gosec // the old half of CodeResources
	"crypto/sha256"
	"strings"

	"howett.net/plist"

	"github.com/dayline-project/dayline/installer/macho"
	"github.com/dayline-project/dayline/shared/codesign"
)

// infoPlist (https://developer.apple.com/documentation/bundleresources/information-property-list): an application without
// a place in the Dock. It asks to speak to no other application, so that it has no words for that.
func (a App) infoPlist() ([]byte, error) {
	return plist.MarshalIndent(map[string]any{
		"CFBundleInfoDictionaryVersion": "6.0",
		"CFBundlePackageType":           "APPL",
		"CFBundleIdentifier":            Identifier,
		"CFBundleName":                  "Dayline",
		"CFBundleExecutable":            Executable,
		"CFBundleIconFile":              icon,
		"CFBundleShortVersionString":    a.Version.Product(),
		"CFBundleVersion":               a.Version.FileText(),
		"LSMinimumSystemVersion":        macho.MinimumMacOS,
		"LSUIElement":                   true,
	}, plist.XMLFormat, "\t")
}

// codeResources lists the files that the executable's signature does not name by itself, with their hashes: all but
// Info.plist. Its rules are those codesign writes.
func codeResources(files codesign.Files) ([]byte, error) {
	old, listed := map[string]any{}, map[string]any{}
	for name, content := range files {
		if name != codesign.InfoPlist {
			first, second := sha1.Sum(content), sha256.Sum256(content)
			name = strings.TrimPrefix(name, "Contents/")
			old[name], listed[name] = first[:], map[string]any{"hash2": second[:]}
		}
	}
	return plist.MarshalIndent(map[string]any{"files": old, "files2": listed, "rules": rules, "rules2": rules2}, plist.XMLFormat, "\t")
}

func optional(weight float64) map[string]any {
	return map[string]any{"optional": true, "weight": weight}
}

func omitted(weight float64) map[string]any { return map[string]any{"omit": true, "weight": weight} }

func nested(weight float64) map[string]any { return map[string]any{"nested": true, "weight": weight} }

func weighed(weight float64) map[string]any { return map[string]any{"weight": weight} }

var rules = map[string]any{
	`^Resources/`:                            true,
	`^Resources/.*\.lproj/`:                  optional(1000),
	`^Resources/.*\.lproj/locversion.plist$`: omitted(1100),
	`^Resources/Base\.lproj/`:                weighed(1010),
	`^version.plist$`:                        true,
}

var rules2 = map[string]any{
	`.*\.dSYM($|/)`:      weighed(11),
	`^(.*/)?\.DS_Store$`: omitted(2000),
	`^(Frameworks|SharedFrameworks|PlugIns|Plug-ins|XPCServices|Helpers|MacOS|Library/(Automator|Spotlight|LoginItems))/`: nested(10),
	`^.*`:                                    true,
	`^Info\.plist$`:                          omitted(20),
	`^PkgInfo$`:                              omitted(20),
	`^Resources/`:                            weighed(20),
	`^Resources/.*\.lproj/`:                  optional(1000),
	`^Resources/.*\.lproj/locversion.plist$`: omitted(1100),
	`^Resources/Base\.lproj/`:                weighed(1010),
	`^[^/]+$`:                                nested(10),
	`^embedded\.provisionprofile$`:           weighed(20),
	`^version\.plist$`:                       weighed(20),
}
