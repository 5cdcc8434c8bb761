//go:build unix

package settings

const administrator = "root"
