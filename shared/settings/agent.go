package settings

// urlLevels from least to most.
var urlLevels = []string{"none", "host", "path", "full"}
