package dayline_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/mdm"
	"github.com/dayline-project/dayline/installer/app"
)

// texts are the string literals in a file of ours.
func texts(t *testing.T, path string) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text)
		}
		return true
	})
	return all
}

// TestProfilesAreForTheAgent: the collector writes profiles for Macs by names of the agent that it cannot import.
func TestProfilesAreForTheAgent(t *testing.T) {
	if mdm.BundleID != app.Identifier {
		t.Errorf("profiles are for %s, the application is %s", mdm.BundleID, app.Identifier)
	}
	launchd, labels := texts(t, "agent/internal/service/launchd_mac.go"), 0
	for _, text := range launchd {
		if strings.HasPrefix(text, mdm.LabelPrefix) && text != mdm.BundleID {
			labels++
		}
	}
	if labels != 2 {
		t.Errorf("%d of launchd's labels, of the service and of the helper, begin with %s: %q", labels, mdm.LabelPrefix, launchd)
	}
	if !slices.Contains(texts(t, "agent/cmd/dayline-agent/places_darwin.go"), mdm.EnrollmentKey) {
		t.Errorf("the agent reads no managed preference %s", mdm.EnrollmentKey)
	}
}
