package observe

// systemNames gives the names for people of programs in front, as desktop entries tell them; empty where none does.
func systemNames() func(Window) string {
	s := &shelf{folders: entryFolders()}
	return func(w Window) string { return s.product(w.App, w.Class) }
}
