package observe

// systemNames: macOS tells what people call a program with its window.
func systemNames() func(Window) string {
	return func(Window) string { return "" }
}
