//go:build !linux

package observe

func programName(int) string { return "" }
