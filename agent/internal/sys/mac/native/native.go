// Package native is macOS behind the interfaces of package mac: its C libraries and Objective-C, called through purego.
// It decides nothing and logs nothing. It runs on a Mac, and on Linux against the library its tests build, which counts
// references and checks arguments; there is nothing behind it on Windows.
package native
