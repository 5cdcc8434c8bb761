// Command dayline-collector stores what agents send, serves their settings, and answers who asks.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"connectrpc.com/connect"
	"github.com/alecthomas/kong"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// Exit statuses: 0 done, 1 failed, 2 used wrongly.
const (
	exitFailed = 1
	exitUsage  = 2
)

type commands struct {
	ConfigDir string  `name:"config" placeholder:"DIR" default:"/etc/dayline" env:"DAYLINE_CONFIG" help:"Folder of the configuration files."`
	As        *string `name:"as" placeholder:"USER" help:"Act as this user: see and do what the user may."`

	Serve      serveCommand      `cmd:"" help:"Run the collector."`
	Config     configCommand     `cmd:"" help:"The configuration: check, show, set, unset, history, init."`
	Link       linkCommand       `cmd:"" help:"Installer links: create, list, revoke."`
	Report     reportCommand     `cmd:"" help:"Reports: dashboard, people, apps, sites, titles, categories, hours, groups, timeline, live, activity."`
	Person     personCommand     `cmd:"" help:"People: list, show, set, delete, export."`
	Group      groupCommand      `cmd:"" help:"Groups of people and devices: list, show, set, remove."`
	User       userCommand       `cmd:"" help:"Who may sign in: list, add, set, remove, password, reset, sessions."`
	DoNotTrack doNotTrackCommand `cmd:"" help:"Logins of which nothing is collected: list, add, remove."`
	Token      tokenCommand      `cmd:"" help:"API tokens: create, list, revoke."`
	Classify   classifyCommand   `cmd:"" help:"What counts as what: pending, set, explain, import, export."`
	Device     deviceCommand     `cmd:"" help:"Devices: list, show, update, revoke, delete, uninstall."`
	Updates    updatesCommand    `cmd:"" help:"How the agents update themselves: show, and raise, halt, go-on of a roll-out."`
	Mdm        mdmCommand        `cmd:"" help:"Profiles for the device management of Macs: permission, background items, enrolment, browser extension."`
	Release    releaseCommand    `cmd:"" help:"The releases of the agent that installer links hand out: add, list, remove; off-line: keygen, sign, channel, withdraw."`
	Deploy     deployCommand     `cmd:"" help:"What brings the agent onto computers by Group Policy, Intune, Jamf, Munki or Ansible: a page and files ready to use."`
	Extension  extensionCommand  `cmd:"" help:"The browser extension: add, show, remove, policy."`
	Storage    storageCommand    `cmd:"" help:"What is stored, how long there is room; compact."`
	Privacy    privacyCommand    `cmd:"" help:"Clear titles and addresses already stored: strip."`
	Audit      auditCommand      `cmd:"" help:"The audit log: list, verify."`
	Backup     backupCommand     `cmd:"" help:"Back up the running collector into an empty folder, or verify a backup."`
	Restore    restoreCommand    `cmd:"" help:"Make a data folder of a backup."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// streams are where a command writes, results to out, words for people to err, and where it reads what is no argument.
type streams struct {
	out, err io.Writer
	in       io.Reader
}

// invocation is what every command runs with.
type invocation struct {
	streams
	ctx       context.Context
	configDir string
	// as is the user acted as; empty: the local administrator.
	as string
}

func main() {
	syscall.Umask(0o077) // whatever is written is for its owner alone
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr, os.Stdin})
	stop()
	os.Exit(code)
}

// run is the program with everything it touches as arguments.
func run(ctx context.Context, args []string, s streams) int {
	if len(args) == 0 {
		run(ctx, []string{"--help"}, streams{s.err, s.err, s.in})
		return exitUsage
	}
	var c commands
	exited := -1
	parser, err := kong.New(&c, kong.Name("dayline-collector"), kong.Writers(s.out, s.err),
		kong.Description("Stores what agents send, serves their settings, answers who asks."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exited = code }))
	if err != nil {
		fmt.Fprintln(s.err, "dayline-collector:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintln(s.err, "dayline-collector:", err)
		return exitUsage
	}
	i := &invocation{streams: s, ctx: ctx, configDir: c.ConfigDir}
	if c.As != nil {
		if i.as = strings.TrimSpace(*c.As); i.as == "" { // a script's variable that is not set is no administrator
			fmt.Fprintln(s.err, "dayline-collector: --as: say which user")
			return exitUsage
		}
	}
	err = parsed.Run(i)
	if err == nil {
		return 0
	}
	fmt.Fprintln(s.err, "dayline-collector:", words(err, parsed.Flags()))
	if usage := new(usageError); errors.As(err, &usage) || connect.CodeOf(err) == connect.CodeInvalidArgument {
		return exitUsage
	}
	if collector.CodeOf(err) == collector.BadRequest {
		return exitUsage
	}
	return exitFailed
}

// usageError is a command used wrongly.
type usageError struct{ reason string }

// Error gives the reason.
func (e *usageError) Error() string { return e.reason }

func usage(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// words takes Connect's code off an answer's reason, since that is for programs, and calls a field by its flag.
func words(err error, flags []*kong.Flag) string {
	var refusal *connect.Error
	if !errors.As(err, &refusal) {
		return err.Error()
	}
	for _, detail := range refusal.Details() {
		value, _ := detail.Value()
		problem, ok := value.(*agentv1.Problem)
		if !ok {
			continue
		}
		name := strings.TrimSuffix(strings.TrimSuffix(problem.Field, "_seconds"), "_devices")
		name = name[strings.LastIndexByte(name, '.')+1:] // of rules[0].status: status
		if slices.ContainsFunc(flags, func(f *kong.Flag) bool { return f.Name == name }) {
			return "--" + name + ": " + problem.Reason
		}
	}
	return refusal.Message()
}
