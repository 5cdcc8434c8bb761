package rig

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dayline-project/dayline/test/process"
)

// patience is how long a program may take to come up or to answer on a busy machine.
const patience = 60 * time.Second

// Row is a row of `report activity`, by the names people's scripts use.
type Row struct {
	Device          string    `json:"device"`
	Login           string    `json:"login"`
	Person          string    `json:"person"`
	Session         string    `json:"session"`
	State           string    `json:"state"`
	Start           time.Time `json:"start"`
	Seconds         float64   `json:"seconds"`
	ObservedSeconds float64   `json:"observed_seconds"`
	App             string    `json:"app"`
	Product         string    `json:"product"`
	Title           string    `json:"title"`
	Site            string    `json:"site"`
	URL             string    `json:"url"`
	Private         bool      `json:"private"`
	EndedBy         string    `json:"ended_by"`
	Reason          string    `json:"reason"`
	Open            bool      `json:"open"`
}

// End is when the row's time ends.
func (r Row) End() time.Time { return r.Start.Add(time.Duration(r.Seconds * float64(time.Second))) }

// Collector is a collector with a configuration and data of its own.
type Collector struct {
	// Config is the folder of the four files, Data the one of the stores.
	Config, Data string
	// Listen is where it listens for agents, Web where for browsers.
	Listen, Web string

	bin     Binaries
	dir     string
	env     []string
	process *process.Process
}

// Options of a collector.
type Options struct {
	// Account is the text of account.yaml; empty: the defaults.
	Account string
	// Data is where the stores go; empty: a folder below dir.
	Data string
	// Public is the address ("host:port") that links tell agents; empty: Listen itself.
	Public string
	// Listen is where it listens for agents; empty: a port of the kernel's choice.
	Listen string
	// Web is where it listens for browsers; empty: a port of the kernel's choice.
	Web string
	// TLSOff serves plain HTTP, as behind a proxy.
	TLSOff bool
	// Floor of free disk, as in collector.yaml; empty: 1MB, so that tests run on a small disk.
	Floor string
	// Zone is where it stands, as in TZ; empty: where this computer does.
	Zone string
}

// NewCollector writes the configuration into dir. Start starts it.
func NewCollector(bin Binaries, dir string, o Options) (*Collector, error) {
	c := &Collector{Config: filepath.Join(dir, "config"), Data: o.Data, Listen: o.Listen, bin: bin, dir: dir}
	if c.Data == "" {
		c.Data = filepath.Join(dir, "data")
	}
	var err error
	if c.Listen == "" {
		if c.Listen, err = FreeAddress(); err != nil {
			return nil, fmt.Errorf("rig: collector: %w", err)
		}
	}
	if c.Web = o.Web; c.Web == "" {
		if c.Web, err = FreeAddress(); err != nil {
			return nil, fmt.Errorf("rig: collector: %w", err)
		}
	}
	if o.Public == "" {
		o.Public = c.Listen
	}
	if o.Account == "" {
		o.Account = "settle: 2s # the default; an empty file is refused\n"
	}
	if o.Floor == "" {
		o.Floor = "1MB"
	}
	mode := "self-signed"
	if o.TLSOff {
		mode = "off"
	}
	c.env = append(os.Environ(), "DAYLINE_CONFIG="+c.Config)
	if o.Zone != "" {
		c.env = append(c.env, "TZ="+o.Zone)
	}
	files := map[string]string{
		"collector.yaml": fmt.Sprintf("listen: {agents: %q, web: %q}\npublic_url: https://%s\ndata_dir: %q\n"+
			"tls: {mode: %s}\nstorage: {floor: %s}\nmetrics: {listen: \"127.0.0.1:0\"}\n", c.Listen, c.Web, o.Public, c.Data, mode, o.Floor),
		"account.yaml":        o.Account,
		"people.yaml":         "users: []\npeople: []\n",
		"classification.yaml": "categories: []\nrules: []\n",
	}
	if err := os.MkdirAll(c.Config, 0o700); err != nil {
		return nil, fmt.Errorf("rig: collector: %w", err)
	}
	for name, text := range files {
		file := filepath.Join(c.Config, name)
		if _, err := os.Stat(file); err == nil && name != "collector.yaml" {
			continue // kept from an earlier run, perhaps edited
		}
		if err := WriteFile(file, text); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// WriteFile replaces a file at once, as an editor does.
func WriteFile(file, text string) error {
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		return fmt.Errorf("rig: write: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("rig: write: %w", err)
	}
	return nil
}

// Account replaces account.yaml.
func (c *Collector) Account(text string) error {
	return WriteFile(filepath.Join(c.Config, "account.yaml"), text)
}

// Start starts the collector and waits until it answers.
func (c *Collector) Start(ctx context.Context) error {
	p, err := process.Start(process.Command{Name: "collector", Path: c.bin.Collector(), Args: []string{"serve"}, Env: c.env, Dir: c.dir})
	if err != nil {
		return err
	}
	c.process = p
	err = process.Wait(ctx, patience, "collector answers", func() error {
		select {
		case <-p.Done():
			return nil
		default:
		}
		conn, err := net.DialTimeout("tcp", c.Listen, time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	})
	select {
	case <-p.Done():
		return fmt.Errorf("rig: collector ended: %w\n%s", p.Err(), p.Tail())
	default:
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, p.Tail())
	}
	return nil
}

// Pages is where browsers find the pages: by host name, since passkeys belong to one.
func (c *Collector) Pages() string {
	return "http://" + strings.Replace(c.Web, "127.0.0.1", "localhost", 1)
}

// Ready asks whether it takes data in.
func (c *Collector) Ready(ctx context.Context) error {
	// Whose certificate it is is not the question here.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.Listen+"/readyz", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Client{Transport: transport, Timeout: patience}).Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("rig: collector: %s", answer.Status)
	}
	return nil
}

// Process is the running collector.
func (c *Collector) Process() *process.Process { return c.process }

// Kill ends the collector without warning.
func (c *Collector) Kill() { c.process.Kill() }

// Stop asks it to end.
func (c *Collector) Stop() error {
	if c.process == nil {
		return nil
	}
	return c.process.Stop(20 * time.Second)
}

// Run runs another subcommand of the collector and gives what it prints.
func (c *Collector) Run(ctx context.Context, args ...string) ([]byte, error) {
	return c.Tell(ctx, "", args...)
}

// Tell is Run with something on standard input.
func (c *Collector) Tell(ctx context.Context, stdin string, args ...string) ([]byte, error) {
	return run(ctx, c.env, stdin, c.bin.Collector(), args...)
}

var enrolmentString = regexp.MustCompile(`\bdl1[a-z2-7]{40,}\b`)

// Link creates an installer link and gives its enrolment string. It waits for a collector that has just come up.
func (c *Collector) Link(ctx context.Context) (string, error) {
	var carried string
	err := process.Wait(ctx, patience, "rig: link", func() error {
		output, err := c.Run(ctx, "link", "create", "--os", "linux", "--string")
		if err != nil {
			return err
		}
		carried = enrolmentString.FindString(string(output))
		if carried == "" {
			return fmt.Errorf("no enrolment string in %q", output)
		}
		return nil
	})
	return carried, err
}

// Activity is `report activity` over a range of days wide enough for any test, in the report's own order. Further
// arguments come after.
func (c *Collector) Activity(ctx context.Context, args ...string) ([]Row, error) {
	now := time.Now()
	output, err := c.Run(ctx, append([]string{"report", "activity", "--format", "json",
		"--from", now.AddDate(0, 0, -14).Format(time.DateOnly), "--to", now.AddDate(0, 0, 1).Format(time.DateOnly)}, args...)...)
	if err != nil {
		return nil, err
	}
	var rows []Row
	if err := json.Unmarshal(output, &rows); err != nil {
		return nil, fmt.Errorf("rig: report activity: %w: %q", err, output)
	}
	return rows, nil
}

// Closed is Activity without what is still going on.
func (c *Collector) Closed(ctx context.Context, args ...string) ([]Row, error) {
	rows, err := c.Activity(ctx, args...)
	var closed []Row
	for _, row := range rows {
		if !row.Open {
			closed = append(closed, row)
		}
	}
	return closed, err
}

// ErrNoRows is a report that should have rows and has none yet.
var ErrNoRows = errors.New("the report has no rows")
