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
	Files []string `arg:"" name:"FILE" help:"Packages of one release; or the folder that they and release.json are in, for all of them."`
}

// Run sends packages to the collector.
func (c *releaseAdd) Run(i *invocation) error {
	manifest, packages, err := releaseFiles(i, c.Files)
	if err != nil {
		return err
	}
	client, err := i.client()
	if err != nil {
		return err
	}
	added, err := upload(i, client, append([]string{manifest}, packages...))
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Release %s is on the shelf; packages: %d.\n", added.Version, len(added.Packages))
	for _, p := range added.Packages {
		switch {
		case p.Kind == release.MSI && p.Carrier == string(stamp.None):
			fmt.Fprintf(i.err, "Warning: %s is signed and no room for an enrolment string was left in its signature: those who download it have to enrol it by hand (docs/releases.md)\n", p.Name)
		case p.Carrier == string(stamp.Name):
			fmt.Fprintf(i.err, "%s is signed: the name of what is downloaded carries the enrolment string.\n", p.Name)
		}
	}
	return nil
}

// releaseFiles finds the manifest of packages, among them or beside the first, and the packages: of a folder, or beside a manifest
// that stands alone, those listed that are there. What a shell's pattern took along besides is named and left out.
func releaseFiles(i *invocation, names []string) (manifest string, packages []string, err error) {
	for _, name := range names {
		if filepath.Base(name) == release.ManifestName {
			manifest = name
		} else {
			packages = append(packages, name)
		}
	}
	if len(packages) == 1 {
		if info, err := os.Stat(packages[0]); err == nil && info.IsDir() {
			manifest, packages = filepath.Join(packages[0], release.ManifestName), nil
		}
	}
	if manifest == "" {
		manifest = filepath.Join(filepath.Dir(packages[0]), release.ManifestName)
	}
	text, err := os.ReadFile(manifest)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("there is no %s: it belongs beside the packages, as `make installers` puts it there", manifest)
	} else if err != nil {
		return "", nil, err
	}
	listed, err := release.ParseManifest(text)
	if err != nil {
		return "", nil, err
	}
	if len(packages) == 0 {
		packages = listedBeside(manifest, listed)
	}
	packages = slices.DeleteFunc(packages, func(name string) bool {
		other := !slices.ContainsFunc(listed.Packages, func(p release.Package) bool { return p.Name == filepath.Base(name) })
		if other {
			fmt.Fprintf(i.err, "%s is left out: %s does not list it.\n", name, manifest)
		}
		return other
	})
	if len(packages) == 0 {
		return "", nil, fmt.Errorf("there is no package to add: say those that %s lists, or the folder that they are in", manifest)
	}
	return manifest, packages, nil
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
func upload(i *invocation, client *http.Client, names []string) (*adminv1.Release, error) {
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
	added := &adminv1.Release{}
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
