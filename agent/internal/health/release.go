package health

import "strings"

// release gives the name and the number of a distribution by its os-release(5) file; Debian's has no minor number, which is in a
// file of its own.
func release(told, debian string) (name, number string) {
	for line := range strings.Lines(told) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			name = value
		case "VERSION_ID":
			number = value
		}
	}
	if debian = strings.TrimSpace(debian); name == "debian" && debian != "" {
		number = debian
	}
	return name, number
}

// computerID is what a Linux computer is told from others by: what its firmware says, which the administrator alone may read;
// else the installation's id (machine-id(5)), in the same form; else, until it starts again, the kernel's.
func computerID(product, machine, boot string) string {
	if product = firstLine(product); product != "" {
		return strings.ToLower(product)
	}
	if id := firstLine(machine); len(id) == 32 {
		return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	}
	return strings.ToLower(firstLine(boot))
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
