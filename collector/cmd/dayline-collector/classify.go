package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/classify"
	"github.com/dayline-project/dayline/collector/listing"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

type classifyCommand struct {
	Pending classifyPending `cmd:"" help:"What has no status yet, by time spent."`
	Set     classifySet     `cmd:"" help:"Say what one application, site or address counts as."`
	Explain classifyExplain `cmd:"" help:"Say what something counts as, and which rule makes it so."`
	Import  classifyImport  `cmd:"" help:"Set rules from a CSV file, all or none."`
	Export  classifyExport  `cmd:"" help:"Write the rules, or the shipped list, as a CSV file."`
}

// subjectFlags name what is classified.
type subjectFlags struct {
	App  string `help:"An application: its executable's name, or its bundle id."`
	Site string `help:"A site: a host, for the hosts below it too."`
	URL  string `name:"url" help:"An address, for all that begin with it."`
}

type classifyPending struct{ asked }

// Run lists what has no status.
func (c *classifyPending) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ListPending(i.ctx, connect.NewRequest(c.request()))
	if err != nil {
		return err
	}
	return list(i, c.Format, answer.Msg.Rows, "Everything that took more than 5 minutes has a status.",
		"site", "app", "product", "total_seconds", "people", "category", "bundle")
}

type classifySet struct {
	subjectFlags
	Status   string `help:"productive, unproductive or undefined; - takes it away."`
	Category string `help:"A category, new or not, or ignore; - takes it away."`
	Group    string `help:"Only for the members of this group."`
}

// Run sets one rule.
func (c *classifySet) Run(i *invocation) error {
	given := slices.DeleteFunc([]string{c.App, c.Site, c.URL}, func(name string) bool { return name == "" })
	if len(given) != 1 {
		return usage("give one of --app, --site and --url")
	}
	if c.Status == "" && c.Category == "" {
		return usage("give --status, --category or both")
	}
	return i.classify(&adminv1.ClassifyRequest{Rules: []*adminv1.Rule{{
		App: c.App, Site: c.Site, Url: c.URL, Status: c.Status, Category: c.Category, Group: c.Group,
	}}})
}

func (i *invocation) classify(req *adminv1.ClassifyRequest) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.Classify(i.ctx, connect.NewRequest(req))
	if err != nil {
		return err
	}
	m := answer.Msg
	told := "Rules: %d added, %d changed, %d removed.\n"
	if req.CheckOnly {
		told = "Rules: %d would be added, %d changed, %d removed.\n"
	}
	_, err = fmt.Fprintf(i.err, told, m.Added, m.Changed, m.Removed)
	return err
}

type classifyImport struct {
	File    string `arg:"" help:"A CSV file with the columns app, site, url, status, category, group; - for standard input."`
	Replace bool   `help:"Remove the rules and exceptions that the file leaves out."`
	Check   bool   `help:"Say how many rules would change, and change none."`
}

// Run imports a file.
func (c *classifyImport) Run(i *invocation) error {
	text, err := i.read(c.File, classify.MaxCSVBytes+1)
	if err != nil {
		return err
	}
	if len(text) == 0 || len(text) > classify.MaxCSVBytes {
		return usage("%s has to have 1 to %d bytes", c.File, classify.MaxCSVBytes)
	}
	return i.classify(&adminv1.ClassifyRequest{Csv: string(text), Replace: c.Replace, CheckOnly: c.Check})
}

// read gives the first bytes of a file or, for "-", of standard input.
func (i *invocation) read(name string, most int64) ([]byte, error) {
	in := i.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	return io.ReadAll(io.LimitReader(in, most))
}

type classifyExport struct {
	File    string `arg:"" optional:"" help:"The file to write (default: standard output)."`
	Shipped bool   `help:"The list of well-known applications and sites that comes with the collector."`
}

// Run exports the rules.
func (c *classifyExport) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ExportRules(i.ctx, connect.NewRequest(&adminv1.ExportRulesRequest{Shipped: c.Shipped}))
	if err != nil {
		return err
	}
	if c.File == "" || c.File == "-" {
		_, err = io.WriteString(i.out, answer.Msg.Csv)
		return err
	}
	return os.WriteFile(c.File, []byte(answer.Msg.Csv), 0o600)
}

type classifyExplain struct {
	listed
	subjectFlags
	Bundle string `help:"The application's bundle id, on a Mac."`
	Person string `help:"Whose exceptions count: a person's id, name or login."`
	Device string `help:"On which device: its id, or its name where only one has it."`
}

// Run says what a subject counts as, and why.
func (c *classifyExplain) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ExplainClass(i.ctx, connect.NewRequest(&adminv1.ExplainClassRequest{
		App: c.App, Bundle: c.Bundle, Site: c.Site, Url: c.URL, Person: c.Person, Device: c.Device,
	}))
	if err != nil {
		return err
	}
	m := answer.Msg
	if c.Format != listing.Table {
		return list(i, c.Format, []*adminv1.ExplainClassResponse{m}, "")
	}
	text := fmt.Sprintf("status    %s\n          %s\ncategory  %s\n          %s\nlooked at, the most specific first:\n",
		m.Status, m.StatusSource, cmp.Or(m.Category, "none"), m.CategorySource)
	for _, step := range m.Steps {
		text += "  " + stream.Printable(step) + "\n"
	}
	_, err = io.WriteString(i.out, text)
	return err
}
