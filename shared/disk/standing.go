package disk

import "slices"

// Standing tells whose a file or folder is.
type Standing int

// The standings.
const (
	// Foreign: another's, or a link.
	Foreign Standing = iota
	// Open: of the system's administrators or of this account, but others may change it or what is in it.
	Open
	// Guarded: nobody else may change it.
	Guarded
)

// access is what Windows tells of a file or folder. Accounts are SIDs.
type access struct {
	link  bool
	owner string
	// writers are whom the access list lets change it, what is in it or that list itself.
	writers []string
}

// The accounts whose word is the system's:
// https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
const (
	sidSystem         = "S-1-5-18"
	sidAdministrators = "S-1-5-32-544"
	sidInstaller      = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	// These two grant to whoever makes or owns something, which says nothing of others.
	sidCreator = "S-1-3-0"
	sidOwner   = "S-1-3-4"
)

// standing judges it for an account: user is its SID, owns who owns what it makes unless it says otherwise. Where that
// is the administrators, as for the system and for an administrator with full rights, only they are trusted: what such a
// person made without those rights any program of theirs may have made. Any other account, which tries the agent out,
// trusts itself too.
func (a access) standing(user, owns string) Standing {
	trusted := []string{sidSystem, sidAdministrators, sidInstaller}
	if !slices.Contains(trusted, owns) {
		trusted = append(trusted, user)
	}
	if a.link || !slices.Contains(trusted, a.owner) {
		return Foreign
	}
	trusted = append(trusted, sidCreator, sidOwner)
	if slices.ContainsFunc(a.writers, func(writer string) bool { return !slices.Contains(trusted, writer) }) {
		return Open
	}
	return Guarded
}
