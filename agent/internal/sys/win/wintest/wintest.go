// Package wintest plays a person's desktop for tests on Windows, with windows of its own.
package wintest
