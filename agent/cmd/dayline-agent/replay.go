package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/dayline-project/dayline/shared/episode"
)

const replayUsage = `Usage: dayline-agent replay --settings FILE TRACE

Runs the time engine over a recorded trace (one JSON observation a line; - reads standard input) and prints the episodes
it makes, one JSON object a line.
`

// replay runs the time engine over a trace: 0 done, 1 settings or trace refused (episodes that ended before the refused
// line are printed), 2 used wrongly.
func replay(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, replayUsage) }
	settingsFile := flags.String("settings", "", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case *settingsFile == "" || flags.NArg() != 1:
		flags.Usage()
		return 2
	}
	if err := replayFile(*settingsFile, flags.Arg(0), stdout); err != nil {
		fmt.Fprintf(stderr, "dayline-agent: replay: %v\n", err)
		return 1
	}
	return 0
}

func replayFile(settingsFile, traceFile string, stdout io.Writer) error {
	document, err := os.ReadFile(settingsFile)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	settings, err := episode.ParseSettings(document)
	if err != nil {
		return fmt.Errorf("%s: %w", settingsFile, err)
	}
	trace := io.Reader(os.Stdin)
	if traceFile != "-" {
		file, err := os.Open(traceFile)
		if err != nil {
			return fmt.Errorf("read trace: %w", err)
		}
		defer file.Close()
		trace = file
	}
	out := bufio.NewWriter(stdout)
	err = episode.Replay(settings, trace, out)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write episodes: %w", err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", traceFile, err)
	}
	return nil
}
