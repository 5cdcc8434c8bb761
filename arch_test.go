// Package dayline_test guards the shape of the house: who may import whom and why, names, sizes, and that what the
// documents claim to be tested is.
package dayline_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dayline-project/dayline/collector/mdm"
	"github.com/dayline-project/dayline/installer/app"
)

const module = "github.com/dayline-project/dayline/"

// wall forbids imports. Paths of ours are written without the module's prefix; a path covers what lies below it.
type wall struct {
	// in: the packages it stands around.
	in []string
	// save: packages below those that it does not hold for.
	save []string
	// never: what they do not import, save what allow names.
	never []string
	allow []string
	// tests: it holds for test files too.
	tests bool
	why   string
}

var walls = []wall{
	{in: []string{"shared"}, never: []string{"agent", "collector", "test"}, tests: true,
		why: "both sides stand on shared; it stands on neither"},
	{in: []string{"agent"}, never: []string{"collector", "test"}, tests: true,
		why: "an agent knows the contract, not the program that answers"},
	{in: []string{"collector"}, never: []string{"agent", "test"}, tests: true,
		why: "a collector knows the contract, not the program that asks"},
	{in: []string{"shared/episode"}, never: []string{"os", "net", "io/fs", "syscall", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "context", "agent", "collector", "shared"},
		allow: []string{"net/url", "net/netip"},
		why:   "the time engine is pure: the same observations always give the same episodes"},
	{in: []string{"agent/internal/privacy"}, never: []string{"os", "net", "syscall", "agent"}, allow: []string{"net/url"},
		why: "what is let through is decided by arguments alone"},
	{in: []string{"agent/internal/sys"}, never: []string{"agent", "shared", "log", "log/slog"},
		allow: []string{"agent/internal/sys"},
		why:   "bindings hold no policy and write no log"},
	{in: []string{"agent/internal/observe", "agent/internal/privacy", "agent/internal/session"}, never: []string{"net/http", "go.etcd.io/bbolt", "connectrpc.com/connect", "agent/internal/buffer", "agent/internal/uplink", "agent/internal/enroll"},
		why: "what runs as the measured person has no network, no buffer and no secret"},
	{in: []string{"agent/internal/browser"}, save: []string{"agent/internal/browser/host"}, never: []string{"os", "net", "syscall", "golang.org/x/sys", "log", "log/slog", "agent"},
		allow: []string{"net/url", "net/netip", "agent/internal/privacy"},
		why:   "whether a browser is asked, and what counts as an address, is decided without a system"},
	{in: []string{"."}, save: []string{"agent/internal/session", "agent/internal/browser/host", "agent/cmd"}, never: []string{"github.com/Microsoft/go-winio"}, tests: true,
		why: "one room serves the pipe that people's commands open, one the pipe that browsers' hosts do"},
	{in: []string{"agent", "collector", "shared"}, never: []string{"github.com/tc-hib/winres"}, tests: true,
		why: "resources are put into programs by what builds them; no program needs to"},
	{in: []string{"agent", "collector", "shared"}, never: []string{"github.com/evanw/esbuild"}, tests: true,
		why: "the extension is built by what packs it; those who serve it take it as it is"},
	{in: []string{"agent", "collector", "shared"}, save: []string{"collector/shelf/shelftest"}, never: []string{"installer"},
		why: "what packs and signs is part of no program that is handed out"},
	{in: []string{"."}, never: []string{"github.com/sassoftware/relic", "github.com/blacktop/go-macho"},
		why: "those who check what we sign share no code with what signed it: they are the tests'"},
	{in: []string{"."}, save: []string{"installer/linux"}, never: []string{"github.com/google/rpmpack"}, tests: true,
		why: "one room packs for Linux"},
	{in: []string{"."}, save: []string{"agent/internal/sys/mac/native"}, never: []string{"github.com/ebitengine/purego"}, tests: true,
		why: "one room calls into macOS; on Linux it would change how every program of ours starts"},
	{in: []string{"installer"}, never: []string{"agent", "collector", "test"}, tests: true,
		why: "an installer packs what was built, whatever it is"},
	{in: []string{"agent"}, save: []string{"agent/internal/buffer", "agent/internal/former"}, never: []string{"go.etcd.io/bbolt"},
		why: "one room writes the buffer's file"},
	{in: []string{"agent", "shared"}, never: []string{"github.com/alecthomas/kong", "github.com/goccy/go-yaml", "github.com/prometheus", "github.com/duckdb", "modernc.org/sqlite", "github.com/fsnotify"},
		why: "12 MB of agent is spent on imports, and none of these earns its place there"},
	{in: []string{"."}, save: []string{"collector/duckdb"}, never: []string{"github.com/duckdb"}, tests: true,
		why: "another engine for the episodes must be able to take its place"},
	{in: []string{"."}, save: []string{"collector/sqlite"}, never: []string{"modernc.org/sqlite", "github.com/pressly/goose"}, tests: true,
		why: "another engine for the registry must be able to take its place"},
	{in: []string{"."}, save: []string{"collector/config"}, never: []string{"github.com/goccy/go-yaml"},
		why: "one room reads the configuration files"},
	{in: []string{"."}, save: []string{"collector/cmd"}, never: []string{"github.com/alecthomas/kong"},
		why: "command lines are wiring"},
	{in: []string{"collector/duckdb", "collector/sqlite"}, never: []string{"net/http", "connectrpc.com/connect", "collector/api", "collector/ingest", "collector/config", "collector/report"},
		why: "a store stores; who asks and why is not its business"},
	{in: []string{"collector/classify", "collector/address"}, never: []string{"os", "net", "context", "log", "log/slog", "collector/api", "collector/duckdb", "collector/sqlite", "collector/report"},
		allow: []string{"net/netip"},
		why:   "what something counts as is decided by arguments alone"},
	{in: []string{"collector/directory", "collector/access", "collector/fleet", "collector/retention", "collector/rollout"}, never: []string{"net/http", "os", "collector/duckdb", "collector/sqlite", "collector/api"},
		why: "who sees what, and what is kept, is decided without a network or an engine"},
	{in: []string{"collector/api"}, never: []string{"collector/duckdb", "collector/sqlite"},
		why: "handlers know the interfaces, not the engines"},
	{in: []string{"collector/link"}, never: []string{"collector/duckdb", "collector/sqlite", "collector/api", "collector/access"},
		why: "whoever has a link is nobody: what opens it knows links and packages, and nothing of whom they measure"},
	{in: []string{"collector/web"}, never: []string{"collector"},
		why: "pages know the contract and nothing behind it: no engine, no registry"},
	{in: []string{"collector/deploy"}, never: []string{"os", "net", "collector"}, allow: []string{"collector/mdm"},
		why: "what an administrator is given follows from arguments alone"},
	{in: []string{"collector/openid"}, never: []string{"collector/duckdb", "collector/sqlite", "collector/api", "collector/report", "collector/ingest"},
		why: "it says who somebody is; what that lets in is not its business"},
	{in: []string{"collector/ingest", "collector/report"}, never: []string{"collector/duckdb", "collector/sqlite", "collector/api", "net/http"},
		why: "rules of admission and of reports are testable without a network or an engine"},
}

// source is one Go file.
type source struct {
	// path from the root; dir its folder ("." at the root).
	path, dir string
	file      *ast.File
	fset      *token.FileSet
	lines     int
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) at(pos token.Pos) string { return s.fset.Position(pos).String() }

// sources parses every Go file of the repository that people wrote.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != "." && strings.HasPrefix(entry.Name(), ".") || name == "shared/gen" || entry.Name() == "testdata" || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{path: name, dir: path.Dir(filepath.ToSlash(name)), file: file, fset: fset, lines: strings.Count(string(text), "\n")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no Go files found")
	}
	return all
}

// covers tells whether a path is one of those listed or below one.
func covers(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		return l == "." || name == l || strings.HasPrefix(name, l+"/")
	})
}

func (w wall) breach(s source) (imported string, found bool) {
	if !covers(w.in, s.dir) || covers(w.save, s.dir) || s.isTest() && !w.tests {
		return "", false
	}
	for _, spec := range s.file.Imports {
		name := strings.TrimPrefix(strings.Trim(spec.Path.Value, `"`), module)
		if covers(w.never, name) && !covers(w.allow, name) {
			return name, true
		}
	}
	return "", false
}

func TestWalls(t *testing.T) {
	for _, s := range sources(t) {
		for _, w := range walls {
			if name, found := w.breach(s); found {
				t.Errorf("%s imports %s: %s", s.path, name, w.why)
			}
		}
	}
}

// A wall that nothing could breach would guard nothing: each of them is breached once here.
func TestWallsHold(t *testing.T) {
	for i, w := range walls {
		name := w.never[0]
		if strings.HasPrefix(name, "agent") || strings.HasPrefix(name, "collector") || strings.HasPrefix(name, "shared") {
			name = module + name
		}
		dir := w.in[0]
		if dir == "." {
			dir = "agent"
		}
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nimport _ \""+name+"\"\n", parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := w.breach(source{path: dir + "/x.go", dir: dir, file: file}); !found {
			t.Errorf("wall %d (%s) lets %s into %s", i, w.why, name, dir)
		}
	}
}

func TestPackageComments(t *testing.T) {
	commented := map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() && s.file.Name.Name != "dayline_test" {
			continue
		}
		if s.file.Doc != nil {
			commented[s.dir] = true
		} else if !commented[s.dir] {
			commented[s.dir] = false
		}
	}
	for dir, has := range commented {
		if !has {
			t.Errorf("%s: no file has a package comment", dir)
		}
	}
}

func TestNames(t *testing.T) {
	vague := regexp.MustCompile(`^(utils?|common|helpers|models|types|misc)(_test)?(\.go)?$`)
	for _, s := range sources(t) {
		for part := range strings.SplitSeq(s.path, "/") {
			if vague.MatchString(part) {
				t.Errorf("%s: %q names nothing: name the thing", s.path, part)
			}
		}
		if regexp.MustCompile(`_test_(windows|darwin|linux|other)\.go$`).MatchString(s.path) {
			t.Errorf("%s is no test: the system comes before _test.go", s.path)
		}
		if s.lines > 600 {
			t.Errorf("%s has %d lines: split it (600 at most)", s.path, s.lines)
		}
	}
}

// The sources of the pages and the extension are held to the size of every other.
func TestSizeOfPages(t *testing.T) {
	for _, root := range []string{"collector/web/app", "agent/internal/browser/extension"} {
		checkSizes(t, root)
	}
}

func checkSizes(t *testing.T, root string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == "node_modules" || entry.Name() == "gen" {
				return fs.SkipDir
			}
			return nil
		}
		if ext := path.Ext(name); ext != ".ts" && ext != ".svelte" && ext != ".css" {
			return nil
		}
		found++
		text, err := os.ReadFile(name)
		if lines := strings.Count(string(text), "\n"); lines > 600 {
			t.Errorf("%s has %d lines: split it (600 at most)", name, lines)
		}
		return err
	})
	if err != nil || found == 0 {
		t.Fatalf("%s: %d sources found: %v", root, found, err)
	}
}

// calls finds uses of pkg.name in a file, by the name the package was imported under.
func calls(s source, importPath string, names ...string) []token.Pos {
	local := ""
	for _, spec := range s.file.Imports {
		if strings.Trim(spec.Path.Value, `"`) == importPath {
			local = path.Base(importPath)
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	var found []token.Pos
	if local == "" {
		return nil
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(names, sel.Sel.Name) {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == local {
				found = append(found, sel.Pos())
			}
		}
		return true
	})
	return found
}

func TestCalls(t *testing.T) {
	for _, s := range sources(t) {
		if !strings.Contains(s.dir, "/cmd/") && !covers([]string{"test", "."}, s.dir) {
			for _, pos := range calls(s, "runtime", "GOOS") {
				t.Errorf("%s: runtime.GOOS outside cmd: split the file by suffix", s.at(pos))
			}
		}
		if s.isTest() {
			for _, pos := range calls(s, "time", "Sleep") {
				if !usesSynctest(s) {
					t.Errorf("%s: a test that sleeps guesses: wait on the condition", s.at(pos))
				}
			}
			for _, bad := range skips(s) {
				t.Errorf("%s: a skipped test hides", s.at(bad))
			}
		}
		if covers([]string{"shared/episode"}, s.dir) && !s.isTest() {
			for _, pos := range calls(s, "time", "Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc") {
				t.Errorf("%s: the time engine has no clock", s.at(pos))
			}
		}
	}
}

// What could take down keys, the clipboard, screens or sound is not even called by its name in an agent (docs/privacy.md).
func TestAgentsListenToNoInput(t *testing.T) {
	names := regexp.MustCompile(`SetWindowsHook|RegisterRawInput|GetRawInput|GetAsyncKeyState|GetKeyState|GetKeyboardState|RegisterHotKey|` +
		`Clipboard|BitBlt|StretchBlt|PrintWindow|DuplicateOutput|waveIn|XGrabKey|xgb/record`)
	looked := 0
	for _, s := range sources(t) {
		if s.isTest() || !covers([]string{"agent", "shared"}, s.dir) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				looked++
				if name := names.FindString(text.Value); name != "" {
					t.Errorf("%s names %s: an agent takes down that there was input, and nothing else of it", s.at(text.Pos()), name)
				}
			}
			return true
		})
	}
	if looked == 0 {
		t.Error("no text was looked at")
	}
}

// A library of any other folder is whoever's put it there.
func TestLibrariesComeFromTheSystemsFolder(t *testing.T) {
	for _, s := range sources(t) {
		if !covers([]string{"agent", "shared"}, s.dir) {
			continue
		}
		for _, pos := range slices.Concat(
			calls(s, "golang.org/x/sys/windows", "NewLazyDLL", "LoadDLL", "MustLoadDLL", "LoadLibrary", "LoadLibraryEx"),
			calls(s, "syscall", "NewLazyDLL", "LoadDLL", "MustLoadDLL", "LoadLibrary")) {
			t.Errorf("%s: a library comes from the system's folder: windows.NewLazySystemDLL", s.at(pos))
		}
	}
}

// In a synctest bubble sleeping is advancing a fake clock.
func usesSynctest(s source) bool {
	return slices.ContainsFunc(s.file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing/synctest"` })
}

func skips(s source) []token.Pos {
	var found []token.Pos
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && (sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" || sel.Sel.Name == "SkipNow") {
			if id, ok := sel.X.(*ast.Ident); ok && (id.Name == "t" || id.Name == "b") {
				found = append(found, sel.Pos())
			}
		}
		return true
	})
	return found
}

// A binary in the repository is code nobody can read.
func TestNoBinaries(t *testing.T) {
	magic := []string{"\x7fELF", "MZ\x90\x00", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "!<arch>"}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == ".git" || name == ".build" || name == ".run" || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		head := make([]byte, 8)
		n, _ := file.Read(head)
		for _, m := range magic {
			if strings.HasPrefix(string(head[:n]), m) {
				t.Errorf("%s is a binary", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every test the threat model names exists, so that a claim cannot outlive its proof.
func TestThreatModelNamesRealTests(t *testing.T) {
	text, err := os.ReadFile("docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, s := range sources(t) {
		if !s.isTest() {
			continue
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil {
				have[s.dir+"."+f.Name.Name] = true
			}
		}
	}
	named := regexp.MustCompile("`((?:agent|collector|shared|test)[a-z/0-9-]*\\.(?:Test|Fuzz)[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) == 0 {
		t.Fatal("docs/threat-model.md names no test")
	}
	for _, m := range named {
		if !have[m[1]] {
			t.Errorf("docs/threat-model.md names %s, which does not exist", m[1])
		}
	}
}

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
