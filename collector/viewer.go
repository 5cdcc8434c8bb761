package collector

import "strings"

// Role is what a user may do.
type Role string

// The roles. A configurator sees everything and changes groups, classification and schedules; a manager sees totals
// and single activities of the viewable groups, a viewer only their totals. Everyone sees what is their own.
const (
	Admin        Role = "admin"
	Configurator Role = "configurator"
	Manager      Role = "manager"
	ViewerRole   Role = "viewer"
	// Measured is no role of people.yaml: somebody who is no user and sees its own.
	Measured Role = "person"
)

// LocalAdministrator is who acts through the local socket: only root and the collector's own account can open it.
const LocalAdministrator = "administrator (local)"

// Viewer is who asks. collector/directory turns one into a scope, and nothing else does.
type Viewer struct {
	// User is an e-mail address, or "administrator (local)".
	User string
	// By is who acts as the user, with --as; empty: the user itself.
	By   string
	Role Role
	// Everyone: all groups are viewable.
	Everyone bool
	// Groups that are viewable.
	Groups []string
	// Owner, where an agent opened the session: the viewer's own is this login on this device, and nothing else.
	Owner Owner
	// Token is the id of the session or token that the viewer came with; empty on the local socket.
	Token string
	// Session: that is a session of a sign-in, and no token that a program holds.
	Session bool
	// Installs: though no administrator, it may make installer links for its own computers (installers.non_admins).
	Installs bool
	// ReadOnly: the token was not made for changes.
	ReadOnly bool
}

// measuredActor is who is written down for what measured people do: an erasure takes their names out of the details.
const measuredActor = "measured person"

// Actor is who is written down for what a viewer does: "max@example.com (by administrator (local))" where somebody
// acts as the user; whoever is no user is named in an entry's detail alone.
func (v Viewer) Actor() string {
	if v.Role == Measured {
		return measuredActor
	}
	if v.By == "" {
		return v.User
	}
	return v.User + actingBy + v.By + ")"
}

const actingBy = " (by "

// ActedFor gives whose rights an actor used: the user's, whoever acted as that user.
func ActedFor(actor string) (user string) {
	user, _, _ = strings.Cut(actor, actingBy)
	return user
}
