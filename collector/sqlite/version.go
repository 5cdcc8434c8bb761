package sqlite

import "strconv"

// SchemaVersion is the newest this program knows: the number its newest migration's name begins with.
func SchemaVersion() int {
	newest := 0
	entries, _ := migrations.ReadDir("migrations") // embedded: it is there
	for _, entry := range entries {
		if number, err := strconv.Atoi(entry.Name()[:5]); err == nil {
			newest = max(newest, number)
		}
	}
	return newest
}
