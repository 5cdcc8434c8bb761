package collector

// Role is what a user may do.
type Role string

// The roles. A configurator sees everything and changes groups, classification and schedules; a manager sees totals
// and single activities of the viewable groups, a viewer only their totals. Everyone sees what is their own.
const (
	Admin        Role = "admin"
	Configurator Role = "configurator"
	Manager      Role = "manager"
	ViewerRole   Role = "viewer"
)

// Viewer is who asks. collector/directory turns one into a scope, and nothing else does.
type Viewer struct {
	// User is an e-mail address, or "administrator (local)".
	User string
	Role Role
	// Everyone: all groups are viewable.
	Everyone bool
	// Groups that are viewable.
	Groups []string
	// ReadOnly: the token was not made for changes.
	ReadOnly bool
}
