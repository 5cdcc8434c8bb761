package observe

import (
	"fmt"

	"github.com/dayline-project/dayline/agent/internal/browser"
)

// openTree opens the interface that page addresses are read through.
func openTree(string) (browser.Tree, error) {
	system, err := openMac()
	if err != nil {
		return nil, fmt.Errorf("observe: addresses: %w", err)
	}
	return &macTree{system: system}, nil
}
