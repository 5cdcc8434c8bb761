package main

import (
	"os"
	"strings"
	"time"

	"github.com/dayline-project/dayline/collector/mdm"
	"github.com/dayline-project/dayline/shared/extension"
)

type mdmCommand struct {
	Dir                  string        `arg:"" name:"DIR" help:"An empty folder for the files, or one to be made."`
	Organization         string        `required:"" placeholder:"NAME" help:"Who runs this, as people read it beside each profile."`
	App                  string        `placeholder:"FILE" xor:"signature" help:"The signed Dayline.app that is rolled out, or a release's .pkg, .tar.gz or .zip of it."`
	Requirement          string        `placeholder:"TEXT" xor:"signature" help:"Instead of the app: what 'codesign -d -r-' prints of it."`
	EnrollmentStringFile string        `placeholder:"FILE" xor:"enrollment" help:"The enrolment string of a link for macOS, '-' for standard input (default: a link is made)."`
	NoEnrollment         bool          `xor:"enrollment" help:"No profile for enrolling: the Macs get their string elsewhere."`
	Extension            string        `placeholder:"URL" help:"Have browsers install the extension from the collector whose pages are here: https://dayline.example.com."`
	Expires              time.Duration `help:"The link ends after this long, 1h to 168h (default: the account's)."`
	Max                  int32         `help:"The link enrols at most this many devices (default: the account's)."`
}

// Run writes the profiles. A link is made last: nothing that can be refused before costs one.
func (c *mdmCommand) Run(i *invocation) error {
	kit := mdm.Kit{Organization: c.Organization}
	var err error
	switch {
	case c.App != "":
		kit.Requirement, kit.Team, err = mdm.ReadApp(c.App)
	case c.Requirement != "":
		kit.Requirement = designated(c.Requirement)
	default:
		return usage("say --app FILE or --requirement TEXT: whose signature the permission is for")
	}
	if err != nil {
		return err
	}
	if c.Extension != "" {
		if kit.Policies, err = policiesForMacs(c.Extension); err != nil {
			return usage("--extension: %v", err)
		}
	}
	if (c.NoEnrollment || c.EnrollmentStringFile != "") && (c.Expires != 0 || c.Max != 0) {
		return usage("--expires and --max are of the link that is made; here none is")
	}
	if c.EnrollmentStringFile != "" {
		if kit.EnrollmentString, err = i.enrollmentString(c.EnrollmentStringFile); err != nil {
			return err
		}
	}
	if _, err := kit.Files(); err != nil {
		return usage("%v", err)
	}
	made, err := makeFolder(c.Dir)
	if err != nil {
		return err
	}
	if !c.NoEnrollment && c.EnrollmentStringFile == "" {
		link := linkCreate{OS: "macos", Expires: c.Expires, Max: c.Max}
		if kit.EnrollmentString, err = link.enrolmentString(i); err != nil {
			if made {
				os.Remove(c.Dir)
			}
			return err
		}
	}
	files, err := kit.Files()
	if err != nil {
		return err
	}
	return i.writeFiles(c.Dir, files)
}

// policiesForMacs have every browser install the extension from the collector whose pages are at an address.
func policiesForMacs(address string) (policies []extension.File, err error) {
	from, err := extension.SourceOf(address)
	if err != nil {
		return nil, err
	}
	for _, b := range extension.Browsers() {
		policy, err := extension.Policy(b, extension.MacOS, from)
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy...)
	}
	return policies, nil
}

// designated takes a requirement out of the line that codesign prints.
func designated(text string) string {
	text = strings.TrimSpace(text)
	if before, after, found := strings.Cut(text, "designated =>"); found && strings.Trim(before, "# ") == "" {
		text = strings.TrimSpace(after)
	}
	return text
}

// maxStringBytes is more than any enrolment string has.
const maxStringBytes = 4096

// enrollmentString reads one from a file, or from standard input.
func (i *invocation) enrollmentString(name string) (string, error) {
	text, err := i.read(name, maxStringBytes)
	if err != nil {
		return "", err
	}
	if text := strings.TrimSpace(string(text)); text != "" {
		return text, nil
	}
	return "", usage("--enrollment-string-file: it is empty")
}
