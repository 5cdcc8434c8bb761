//go:build !windows && !darwin

package observe

import "github.com/dayline-project/dayline/agent/internal/browser"

// openTree opens the interface that page addresses are read through; nil where they are not.
var openTree func() (browser.Tree, error)
