package product

import (
	"os"
	"strings"
	"testing"
)

// An agent of `make build` is what packages install.
func TestMakeLinksTheAgentAlike(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{strings.Join(compilerFlags(), " "), "-s -w -funcalign=" + functionsEvery + " "} {
		if !strings.Contains(string(makefile), flag) {
			t.Errorf("the Makefile has no %s", flag)
		}
	}
}
