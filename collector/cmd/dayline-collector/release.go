package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/dayline-project/dayline/collector/api"
	"github.com/dayline-project/dayline/collector/listing"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/collector/stamp"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/release"
)

type releaseCommand struct {
	Keygen   releaseKeygen   `cmd:"" help:"Make a key that signs releases, off-line: this needs no collector."`
	Sign     releaseSign     `cmd:"" help:"Sign a release, off-line, once each package is compared with release.json."`
	Channel  releaseChannel  `cmd:"" help:"Sign which releases computers should run, and which none may, off-line."`
	Withdraw releaseWithdraw `cmd:"" help:"Sign that no computer may install a release any more, off-line."`
	Add      releaseAdd      `cmd:"" help:"Put packages of a release on the shelf, once each is compared with release.json beside them."`
	List     releaseList     `cmd:"" help:"List the packages on the shelf, and what links hand out."`
	Remove   releaseRemove   `cmd:"" help:"Take a release off the shelf. Computers keep the one they have."`
}

type releaseAdd struct {
	Files []string `arg:"" name:"FILE" help:"Packages of one release; or the folder that they and release.json are in, for all of them. Also channel.json, and trusted-2.json and later. What signed each, its .sig, is beside it."`
}

// Run sends packages, and what was signed, to the collector.
func (c *releaseAdd) Run(i *invocation) error {
	letters, packages, err := releaseFiles(i, c.Files)
	if err != nil {
		return err
	}
	client, err := i.client()
	if err != nil {
		return err
	}
	added, err := upload(i, client, append(letters, packages...))
	if err != nil {
		return err
	}
	if added.Trusted > 0 {
		fmt.Fprintf(i.err, "Releases are verified by version %d of the trusted keys now.\n", added.Trusted)
	}
	if added.Channel != nil {
		i.sayChannel(added.Channel)
	}
	if added.Release == nil {
		if added.Trusted == 0 && added.Channel == nil {
			fmt.Fprintln(i.err, "All of it was there already.")
		}
		return nil
	}
	fmt.Fprintf(i.err, "Release %s is on the shelf; packages: %d.\n", added.Release.Version, len(added.Release.Packages))
	if !added.Release.Signed {
		fmt.Fprintln(i.err, nobodyVouches)
	}
	for _, p := range added.Release.Packages {
		switch {
		case p.Problem != "":
			fmt.Fprintf(i.err, "Warning: %s is not handed out: %s\n", p.Name, p.Problem)
		case p.Kind == release.MSI && p.Carrier == string(stamp.None):
			fmt.Fprintf(i.err, "Warning: %s is signed and no room for an enrolment string was left in its signature: those who download it have to enrol it by hand (docs/releases.md)\n", p.Name)
		case p.Carrier == string(stamp.Name):
			fmt.Fprintf(i.err, "%s is signed: the name of what is downloaded carries the enrolment string.\n", p.Name)
		}
	}
	return nil
}

// nobodyVouches is said by a collector that was built without keys.
const nobodyVouches = "Nobody vouches for releases here: this collector was built without release keys and takes any (docs/releases.md)."

// sayChannel tells what may be installed.
func (i *invocation) sayChannel(c *adminv1.ReleaseChannel) {
	switch {
	case c.Problem != "":
		fmt.Fprintf(i.err, "Warning: %s\n", c.Problem)
	case c.Expired:
		fmt.Fprintf(i.err, "Warning: channel %d expired on %s: links go on, agents will not update by it. `dayline-collector release channel` signs the next.\n", c.Version, c.Expires)
	default:
		fmt.Fprintf(i.err, "Channel %d says what may be installed, until %s.\n", c.Version, c.Expires)
	}
	if len(c.Withdrawn) > 0 {
		fmt.Fprintf(i.err, "Withdrawn: %s\n", strings.Join(c.Withdrawn, ", "))
	}
}

// releaseFiles finds what is signed, among names, in folders that are named and beside, and the packages: of a folder, or beside a
// manifest that stands alone, those listed that are there. What a shell's pattern took along besides is named and left out.
func releaseFiles(i *invocation, names []string) (letters, packages []string, err error) {
	for _, name := range names {
		switch info, err := os.Stat(name); {
		case err == nil && info.IsDir():
			inside, err := lettersIn(name)
			if err != nil {
				return nil, nil, err
			}
			letters = append(letters, inside...)
		case shelf.IsLetter(filepath.Base(name)):
			letters = append(letters, name)
		default:
			packages = append(packages, name)
		}
	}
	at := slices.IndexFunc(letters, func(name string) bool { return filepath.Base(name) == release.ManifestName })
	if at < 0 && (len(packages) > 0 || len(letters) == 0) {
		folder := names[0]
		if len(packages) > 0 {
			folder = filepath.Dir(packages[0])
		}
		at, letters = len(letters), append(letters, filepath.Join(folder, release.ManifestName))
	}
	if at >= 0 {
		if packages, err = packagesOf(i, letters[at], packages); err != nil {
			return nil, nil, err
		}
	}
	return withSignatures(letters), packages, nil
}

func lettersIn(folder string) (letters []string, err error) {
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		if shelf.IsLetter(entry.Name()) {
			letters = append(letters, filepath.Join(folder, entry.Name()))
		}
	}
	return letters, err
}

// withSignatures gives the signatures beside files too, and each file once.
func withSignatures(names []string) []string {
	for _, name := range names {
		if _, err := os.Stat(name + release.SignatureEnding); err == nil && !strings.HasSuffix(name, release.SignatureEnding) {
			names = append(names, name+release.SignatureEnding)
		}
	}
	for n, name := range names {
		names[n] = filepath.Clean(name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// packagesOf gives those packages that a manifest lists; of none, those beside it.
func packagesOf(i *invocation, manifest string, packages []string) ([]string, error) {
	text, err := os.ReadFile(manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: it belongs beside the packages, as `make installers` puts it there", manifest)
	} else if err != nil {
		return nil, err
	}
	lists, err := release.ParseManifest(text)
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 {
		packages = listedBeside(manifest, lists)
	}
	packages = slices.DeleteFunc(packages, func(name string) bool {
		other := !slices.ContainsFunc(lists.Packages, func(p release.Package) bool { return p.Name == filepath.Base(name) })
		if other {
			fmt.Fprintf(i.err, "%s is left out: %s does not list it.\n", name, manifest)
		}
		return other
	})
	if len(packages) == 0 {
		return nil, fmt.Errorf("there is no package to add: say those that %s lists, or the folder that they are in", manifest)
	}
	return packages, nil
}

func listedBeside(manifest string, listed release.Manifest) (there []string) {
	for _, p := range listed.Packages {
		name := filepath.Join(filepath.Dir(manifest), p.Name)
		if _, err := os.Stat(name); err == nil {
			there = append(there, name)
		}
	}
	return there
}

// upload sends files as a form, as it reads them.
func upload(i *invocation, client *http.Client, names []string) (*adminv1.AddReleaseResponse, error) {
	var files []*os.File
	defer func() {
		for _, file := range files {
			file.Close()
		}
	}()
	for _, name := range names {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	body, contentType, err := formOf(files)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(i.ctx, http.MethodPost, address+api.ReleasePath, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	answer, err := client.Do(request)
	if failed := new(url.Error); errors.As(err, &failed) {
		return nil, failed.Err // an address says nothing to who comes through the socket
	} else if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, release.MaxManifestBytes))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	added := &adminv1.AddReleaseResponse{}
	return added, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, added)
}

// formOf gives a form of files, which are read when it is.
func formOf(files []*os.File) (body io.Reader, contentType string, err error) {
	var pieces []io.Reader
	var between bytes.Buffer
	form := multipart.NewWriter(&between)
	cut := func() io.Reader { return strings.NewReader(string(between.Next(between.Len()))) }
	for _, file := range files {
		if _, err := form.CreateFormFile("file", filepath.Base(file.Name())); err != nil {
			return nil, "", err
		}
		pieces = append(pieces, cut(), file)
	}
	if err := form.Close(); err != nil {
		return nil, "", err
	}
	return io.MultiReader(append(pieces, cut())...), form.FormDataContentType(), nil
}

type releaseList struct{ listed }

// Run lists what is on the shelf and, for people, what each system gets of it.
func (c *releaseList) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ListReleases(i.ctx, connect.NewRequest(&adminv1.ListReleasesRequest{}))
	if err != nil {
		return err
	}
	var packages []*adminv1.ReleasePackage
	for _, one := range answer.Msg.Releases {
		packages = append(packages, one.Packages...)
		if one.Problem != "" {
			fmt.Fprintf(i.err, "Warning: release %s is not handed out: %s\n", one.Version, one.Problem)
		}
	}
	columns := []string{"name", "bytes", "carrier", "problem"}
	if c.Format != listing.Table {
		columns = append(columns, "os", "arch", "kind", "sha256")
	}
	if err := list(i, c.Format, packages, "There are no releases.", columns...); err != nil {
		return err
	}
	if answer.Msg.Trusted == 0 {
		fmt.Fprintln(i.err, nobodyVouches)
	} else if fmt.Fprintf(i.err, "Releases are verified by version %d of the trusted keys.\n", answer.Msg.Trusted); answer.Msg.Channel == nil {
		fmt.Fprintln(i.err, "There is no channel.json: nothing is withdrawn, and no agent updates itself (docs/releases.md).")
	} else {
		i.sayChannel(answer.Msg.Channel)
	}
	for _, choice := range answer.Msg.Choices {
		if choice.Problem != "" {
			fmt.Fprintf(i.err, "%s: %s\n", choice.Os, choice.Problem)
			continue
		}
		fmt.Fprintf(i.err, "%s: links hand out %s\n", choice.Os, choice.Version)
	}
	return nil
}

type releaseRemove struct {
	Version string `arg:"" name:"VERSION" help:"As the list says it: 1.2.3."`
}

// Run takes a release off the shelf.
func (c *releaseRemove) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if _, err := admin.RemoveRelease(i.ctx, connect.NewRequest(&adminv1.RemoveReleaseRequest{Version: c.Version})); err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Release %s is off the shelf. Computers keep the one they have.\n", c.Version)
	return nil
}
