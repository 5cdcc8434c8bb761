package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector/listing"
	"github.com/dayline-project/dayline/collector/shelf"
	"github.com/dayline-project/dayline/shared/extension"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

type extensionCommand struct {
	Add    extensionAdd    `cmd:"" help:"Hand out a packed extension, once it is verified."`
	Show   extensionShow   `cmd:"" help:"Show which one is handed out."`
	Remove extensionRemove `cmd:"" help:"Hand none out any more. Browsers keep the one they have."`
	Policy extensionPolicy `cmd:"" help:"Print what tells a browser to install it, and to give it nothing more than it has."`
}

type extensionAdd struct {
	Dir string `arg:"" name:"DIR" help:"The folder that the packer made."`
}

// Run hands a packed extension to the collector.
func (c *extensionAdd) Run(i *invocation) error {
	files, err := readPackage(c.Dir)
	if err != nil {
		return err
	}
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.AddExtension(i.ctx, connect.NewRequest(&adminv1.AddExtensionRequest{Files: files}))
	if err != nil {
		return err
	}
	fmt.Fprintf(i.err, "Version %s is handed out at %s.\n", answer.Msg.Version, answer.Msg.Address)
	warn(i, answer.Msg.Warnings)
	return nil
}

// readPackage reads the files that a package is made of; what else is in the folder is left alone.
func readPackage(dir string) ([]*adminv1.NamedContent, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%q is no folder: say the one that `mkinstaller extension` made", dir)
	}
	var files []*adminv1.NamedContent
	for _, name := range shelf.ExtensionParts {
		info, err := os.Stat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s has no %s: say the folder that `mkinstaller extension` made", dir, name)
		}
		if err == nil && (!info.Mode().IsRegular() || info.Size() > extension.MaxBytes) {
			err = fmt.Errorf("%s is none of an extension's files", filepath.Join(dir, name))
		}
		var content []byte
		if err == nil {
			content, err = os.ReadFile(filepath.Join(dir, name))
		}
		if err != nil {
			return nil, err
		}
		files = append(files, &adminv1.NamedContent{Name: name, Content: content})
	}
	return files, nil
}

type extensionShow struct{ listed }

// Run shows what is handed out.
func (c *extensionShow) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	answer, err := admin.ShowExtension(i.ctx, connect.NewRequest(&adminv1.ShowExtensionRequest{}))
	if err != nil {
		return err
	}
	now := answer.Msg
	columns := []string{"version", "issued", "id", "firefox_id", "mozilla_signed", "address"}
	switch {
	case c.Format != listing.Table:
		return list(i, c.Format, []*adminv1.Extension{now}, "", columns...)
	case now.Problem != "":
		return fmt.Errorf("none is handed out: %s", now.Problem)
	case now.Version == "":
		fmt.Fprintln(i.err, "There is no extension: `dayline-collector extension add DIR` hands one out.")
		return nil
	}
	warn(i, now.Warnings)
	if !now.MozillaSigned {
		fmt.Fprintln(i.err, "Warning: Mozilla has not signed it: a Firefox takes it only where it is told to require no signatures (docs/extension.md)")
	}
	if err := listing.Card(i.out, now, columns...); err != nil || len(now.Reach) == 0 {
		return err
	}
	fmt.Fprintln(i.out)
	return list(i, c.Format, now.Reach, "", "app", "devices", "speaking", "address_share", "versions")
}

// warnings in people's words.
var warnings = map[string]string{
	"this_computer": "browsers on other computers cannot reach it: listen.web and web_url of collector.yaml change that",
	"not_https":     "its address is not https: browsers are not told to install anything from there",
	"self_signed":   "browsers take it only under a certificate that they trust, and tls.mode is self-signed (docs/extension.md)",
}

func warn(i *invocation, codes []string) {
	for _, code := range codes {
		fmt.Fprintln(i.err, "Warning:", warnings[code])
	}
}

type extensionRemove struct{}

// Run takes the extension off the shelf.
func (c *extensionRemove) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if _, err := admin.RemoveExtension(i.ctx, connect.NewRequest(&adminv1.RemoveExtensionRequest{})); err != nil {
		return err
	}
	fmt.Fprintln(i.err, "No extension is handed out any more. Browsers keep the one they have; take their policies back to remove it.")
	return nil
}

type extensionPolicy struct {
	Browser string `required:"" enum:"chrome,chromium,edge,brave,firefox" help:"chrome, chromium, edge, brave or firefox."`
	OS      string `required:"" enum:"windows,macos,linux" help:"windows, macos or linux."`
	Store   string `placeholder:"ID" help:"Have it fetched from the browser's store, by the id of its listing there."`
	To      string `placeholder:"DIR" help:"Write it into an empty folder, or one to be made, instead of printing it."`
}

// Run prints a browser's policy, or writes its file.
func (c *extensionPolicy) Run(i *invocation) error {
	admin, err := i.admin()
	if err != nil {
		return err
	}
	if c.Store == "" {
		now, err := admin.ShowExtension(i.ctx, connect.NewRequest(&adminv1.ShowExtensionRequest{}))
		if err != nil {
			return err
		}
		warn(i, now.Msg.Warnings)
		if now.Msg.Version == "" {
			fmt.Fprintln(i.err, "Warning: no extension is handed out there yet: `dayline-collector extension add DIR` hands one out")
		}
	}
	answer, err := admin.ShowExtensionPolicy(i.ctx, connect.NewRequest(&adminv1.ShowExtensionPolicyRequest{Browser: c.Browser, Os: c.OS, StoreId: c.Store}))
	if err != nil {
		return err
	}
	if c.To == "" {
		for _, file := range answer.Msg.Files {
			fmt.Fprintln(i.err, file.Name)
			if _, err := i.out.Write(file.Content); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := makeFolder(c.To); err != nil {
		return err
	}
	for _, file := range answer.Msg.Files {
		name := filepath.Join(c.To, filepath.Base(file.Name))
		if err := writeNew(name, file.Content); err != nil {
			return err
		}
		fmt.Fprintln(i.out, name)
	}
	return nil
}
