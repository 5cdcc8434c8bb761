//go:build unix

package session

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/dayline-project/dayline/shared/stream"
)

// What Open Directory tells of an account (DirectoryService/DirServicesConst.h): the directory its record is in; for the
// copy that a computer keeps of a directory's account, the one it is a copy of; and how it proves itself.
const (
	recordIn = "AppleMetaNodeLocation"
	copyOf   = "OriginalNodeName"
	proof    = "AuthenticationAuthority"
)

// macLogin asks Open Directory by dscl(1), at this path, whose account has the name: this computer's or a directory's.
func macLogin(ctx context.Context, dscl, name, host string) (stream.Login, error) {
	if name == "" || strings.ContainsAny(name, "/\n") {
		return stream.Login{}, fmt.Errorf("session: account: %q is no name", name)
	}
	ctx, cancel := context.WithTimeout(ctx, lookupFor)
	defer cancel()
	// Its status says nothing: an account has not every attribute.
	told, err := exec.CommandContext(ctx, dscl, "/Search", "-read", "/Users/"+name, recordIn, copyOf, proof).Output()
	record := attributes(string(told))
	if len(record[recordIn]) == 0 {
		return stream.Login{}, fmt.Errorf("session: account: the directory does not tell whose it is: %w", errors.Join(err, ctx.Err()))
	}
	return directoryOf(record, name, host), nil
}

// directoryOf finds whose the account is. Directories are called /Active Directory/CORP/corp.example.com and
// /LDAPv3/ldap.example.com; one that stands for all domains of a forest does not tell which, but the realm does.
func directoryOf(record map[string][]string, name, host string) stream.Login {
	node := record[recordIn][0]
	if original := record[copyOf]; len(original) > 0 {
		node = original[0]
	}
	parts := strings.Split(strings.Trim(node, "/"), "/")
	directory := parts[len(parts)-1]
	if directory == "127.0.0.1" || parts[0] == "Local" || len(parts) < 2 {
		return localLogin(name, host)
	}
	if directory == "All Domains" {
		directory = parts[len(parts)-2]
		// As in ";Kerberosv5;;anna@CORP.EXAMPLE.COM;CORP.EXAMPLE.COM;".
		_, kerberos, _ := strings.Cut(strings.Join(record[proof], " "), ";Kerberosv5;")
		if fields := strings.SplitN(kerberos, ";", 4); len(fields) == 4 {
			directory = fields[2]
		}
	}
	// A Mac may be set to show a directory's accounts with their domain.
	account := name[strings.LastIndexByte(name, '\\')+1:]
	return stream.Login{Authority: strings.ToLower(directory), Account: account, Name: directory + `\` + account}
}

// attributes reads what dscl prints: an attribute's values on its line or, where one has a space in it, each on a line of
// its own behind a space. Lines that are none are passed over.
func attributes(told string) map[string][]string {
	values := map[string][]string{}
	attribute := ""
	for line := range strings.Lines(told) {
		line = strings.TrimRight(line, "\r\n")
		if value, continued := strings.CutPrefix(line, " "); continued {
			values[attribute] = append(values[attribute], value)
			continue
		}
		name, value, found := strings.Cut(strings.TrimPrefix(line, "dsAttrTypeStandard:"), ":")
		if attribute = name; found && value != "" {
			values[name] = append(values[name], strings.TrimSpace(value))
		}
	}
	return values
}
