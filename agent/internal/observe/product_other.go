//go:build !linux && !windows

package observe

func systemNames() func(Window) string {
	return func(Window) string { return "" }
}
