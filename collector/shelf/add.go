package shelf

// incoming begins the names of folders that are being filled.
const incoming = ".adding-"
