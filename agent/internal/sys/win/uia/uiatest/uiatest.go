// Package uiatest is UI Automation of a test's own: COM objects in this process, written in Go, behind the class of
// Windows' own. A client that is none the wiser finds in it what a test puts there.
package uiatest
