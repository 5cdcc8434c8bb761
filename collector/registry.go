package collector

import (
	"context"
	"time"

	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/stream"
)

// Registry is the small, exact store: devices, links, logins, people, spans, settings documents, tombstones, audit and
// the collector's own keys. Every method is one transaction, durable on return. Unknown things are an *Error with code
// NotFound. A conformance test (collector/sqlite/registrytest) holds for every engine.
type Registry interface {
	// Enroll checks the secret's SHA-256 against its link and adds the device, all or nothing: BadSecret for an
	// unknown one, Expired, Revoked, UsedUp (over the link's devices), TooMany (over its enrolments a minute),
	// Conflict for a public key that is or was a device's: DeviceByKey tells whose. EnrolledAt and LinkID are set here.
	Enroll(ctx context.Context, secretHash [32]byte, device Device, now time.Time) error
	// AddDevice admits a device without a link: a restored collector meeting a credential it signed.
	AddDevice(ctx context.Context, device Device) error
	Device(ctx context.Context, id string) (Device, error)
	DeviceByKey(ctx context.Context, publicKey []byte) (Device, error)
	Devices(ctx context.Context) ([]Device, error)
	// RekeyDevice replaces a device's key and remembers the old one as replaced; Conflict if oldKey is not its key or
	// newKey is or was any device's.
	RekeyDevice(ctx context.Context, id string, oldKey, newKey []byte) error
	// KeyReplaced tells whether this key was once a device's and was replaced.
	KeyReplaced(ctx context.Context, publicKey []byte) (bool, error)
	// Contacts records many contacts in one transaction. Those of unknown devices are passed over. Where facts tell of another
	// version than before, VersionAt is the contact's time.
	Contacts(ctx context.Context, contacts []Contact) error
	// Health is what a device last said of itself; empty before it did.
	Health(ctx context.Context, id string) (*agentv1.Health, error)
	// Healths is the same of all devices that said anything, by id.
	Healths(ctx context.Context) (map[string]*agentv1.Health, error)
	FlagDevice(ctx context.Context, id, flag string) error
	// RevokeDevice also ends the sessions that the device's agent opened.
	RevokeDevice(ctx context.Context, id string, at time.Time) error
	UninstallDevice(ctx context.Context, id string, at time.Time) error

	// CreateLink keeps a link with its first secret.
	CreateLink(ctx context.Context, link Link, secretHash [32]byte) error
	// LinkByAddress finds a link by the SHA-256 of its address's secret; NotFound.
	LinkByAddress(ctx context.Context, addressHash [32]byte) (Link, error)
	// AddDownload gives a link one more secret, which ends with the link and enrols no more than it: Expired, Revoked,
	// UsedUp (over its devices or its downloads).
	AddDownload(ctx context.Context, id string, secretHash [32]byte, at time.Time) error
	Links(ctx context.Context) ([]Link, error)
	RevokeLink(ctx context.Context, id string, at time.Time) error

	// LoginPeople gives the person of each login, making a person for each login not seen before. Result by key.
	// TooMany where one device would tell of more than MaxLogins.
	LoginPeople(ctx context.Context, device string, logins []stream.Login) (map[string]Login, error)
	Logins(ctx context.Context) ([]Login, error)
	People(ctx context.Context) ([]Person, error)
	// LoginNames is what each device calls a directory login, as it last told.
	LoginNames(ctx context.Context) (map[Owner]string, error)

	// Credential of a user by e-mail, without case: empty, without an error, where there is none.
	Credential(ctx context.Context, email string) (Credential, error)
	Credentials(ctx context.Context) ([]Credential, error)
	// SetPassword keeps the hash of a user's password and ends the sessions.
	SetPassword(ctx context.Context, email, hash string, at time.Time) error
	// SignedIn notes when a user signed in last.
	SignedIn(ctx context.Context, email string, at time.Time) error
	// SetTOTP keeps the secret of a user's authenticator application, sealed; an empty one takes it away.
	SetTOTP(ctx context.Context, email, secret string) error
	// UseTOTP takes a code's step, once: Conflict where it, or a later one, was taken already.
	UseTOTP(ctx context.Context, email string, step int64) error
	// AddPasskey keeps a passkey: Conflict for one that is kept already, TooMany beyond MaxPasskeys of a user.
	AddPasskey(ctx context.Context, passkey Passkey) error
	// Passkeys lists everybody's, oldest first.
	Passkeys(ctx context.Context) ([]Passkey, error)
	PasskeyUsed(ctx context.Context, id, credential []byte, at time.Time) error
	RemovePasskey(ctx context.Context, email string, id []byte) error
	// ResetSignIn takes the secret of the authenticator application and the passkeys away and ends the sessions.
	ResetSignIn(ctx context.Context, email string) error
	// RemoveUser removes all of these and ends sessions and tokens.
	RemoveUser(ctx context.Context, email string, at time.Time) error
	// AddToken keeps a session or an API token under its secret's SHA-256. Of more than MaxSessions of a user, or of an
	// owner whose agent opens them, the oldest end; of more than MaxTokens it is TooMany. Those that ended over 30 days ago are forgotten, sessions at once.
	AddToken(ctx context.Context, token AccessToken, secretHash [32]byte) error
	TokenBySecret(ctx context.Context, secretHash [32]byte) (AccessToken, error)
	// Tokens lists sessions and API tokens, oldest first.
	Tokens(ctx context.Context) ([]AccessToken, error)
	RevokeToken(ctx context.Context, id string, at time.Time) error
	// TokensUsed notes when tokens were last used, by id.
	TokensUsed(ctx context.Context, used map[string]time.Time) error

	// PutSpans adds or replaces spans by (device, id). Those that a tombstone covers are left out, and those beyond
	// MaxSpansPerDay of one device and local day too, with the flag "flood".
	PutSpans(ctx context.Context, device string, spans []*agentv1.Span) error
	Spans(ctx context.Context, device string, from, to time.Time) ([]*agentv1.Span, error)
	// GoingSpans gives, by device, the spans without an end.
	GoingSpans(ctx context.Context) (map[string][]*agentv1.Span, error)
	// DropSpans deletes spans that ended before a time.
	DropSpans(ctx context.Context, before time.Time) (int64, error)

	// PutDocument keeps a device's settings document under its revision, and when it was made, anew too; once stored
	// it never changes (Conflict).
	PutDocument(ctx context.Context, device, revision string, document []byte, at time.Time) error
	Document(ctx context.Context, revision string) ([]byte, error)
	// PruneDocuments deletes those that a device's other document took the place of before a time.
	PruneDocuments(ctx context.Context, before time.Time) (int64, error)

	// AddTombstones also deletes the spans they cover, and they take the place of older ones of the same device and
	// login; the entries tell of it: all or nothing.
	AddTombstones(ctx context.Context, tombstones []Tombstone, entries ...AuditEntry) error
	Tombstones(ctx context.Context) ([]Tombstone, error)
	// ForgetLogins deletes logins, the people who have no other, what devices said of them and the sessions that see them;
	// ForgetDevice a device's word on its health and on the names of directory logins, and its sessions. What is forgotten is in no file afterwards: copies that
	// the registry kept of itself before a change of its form go too.
	ForgetLogins(ctx context.Context, keys []string) error
	ForgetDevice(ctx context.Context, device string) error

	// WorkDone tells when a work that recurs was done last; zero for never.
	WorkDone(ctx context.Context, work string) (time.Time, error)
	// FinishWork says that it is done, with the entries that tell of it: all or nothing.
	FinishWork(ctx context.Context, work string, at time.Time, entries ...AuditEntry) error

	// Rollouts lists how far each version is, or was, rolled out on each system. PutRollout adds one, or takes the place of the one
	// of its system and version, with the entries that tell of it: all or nothing.
	Rollouts(ctx context.Context) ([]Rollout, error)
	PutRollout(ctx context.Context, rollout Rollout, entries ...AuditEntry) error
	// UpdateOrders lists what single devices are to become now, one of each at most. PutUpdateOrder takes the place of the device's
	// former one. EndUpdateOrder is NotFound where it has none.
	UpdateOrders(ctx context.Context) ([]UpdateOrder, error)
	PutUpdateOrder(ctx context.Context, order UpdateOrder, entries ...AuditEntry) error
	EndUpdateOrder(ctx context.Context, device string, entries ...AuditEntry) error

	// Audit appends an entry to the hash chain.
	Audit(ctx context.Context, entry AuditEntry) error
	AuditEntries(ctx context.Context, after uint64, limit int) ([]AuditEntry, error)
	AuditHead(ctx context.Context) (AuditHead, error)
	// EraseAudit erases the payloads of entries: who did what. That there was an act, and when, stays.
	EraseAudit(ctx context.Context, sequences ...uint64) error
	// VerifyAudit recomputes the chain; problem is empty where it holds.
	VerifyAudit(ctx context.Context) (entries uint64, problem string, err error)

	// Secret gives a named secret of the collector (a key), making and keeping it at first use. Stored sealed.
	Secret(ctx context.Context, name string, generate func() ([]byte, error)) ([]byte, error)
	// PutSecret replaces a named secret.
	PutSecret(ctx context.Context, name string, value []byte) error

	// Revisions of the configuration files: whenever a set of files is applied, what changed; the newest
	// MaxFileRevisions of each.
	AddFileRevision(ctx context.Context, revision FileRevision) error
	// FileRevisions gives the newest of a file, or of all where it is empty, newest first; a limit of 0 or less gives all.
	FileRevisions(ctx context.Context, file string, limit int) ([]FileRevision, error)
	// EditFileRevisions changes what is kept of a file's past, so that it is in no file as it was; its hashes stay.
	EditFileRevisions(ctx context.Context, file string, edit func(content []byte) []byte) error

	// BackupTo writes a consistent copy to a new file while others go on, with what else is needed to open it beside
	// it in the same directory.
	BackupTo(ctx context.Context, file string) error
	Close() error
}

// Bounds of what devices may fill the registry with.
const (
	// MaxLogins that one device is the first to tell of.
	MaxLogins = 2000
	// MaxSpansPerDay of one device.
	MaxSpansPerDay = 2000
)

// Bounds of what one user may keep.
const (
	MaxSessions = 20
	MaxTokens   = 100
	MaxPasskeys = 20
)

// MaxFileRevisions of one configuration file are kept: what changed before is in the audit log.
const MaxFileRevisions = 200

// Credential is what a user signs in with.
type Credential struct {
	// Email in lower case.
	Email string
	// Hash of the password with its parameters; empty where there is no password.
	Hash       string
	SignedInAt time.Time
	// TOTP is the secret of the authenticator application in base32, empty where there is none; TOTPStep the last taken.
	TOTP     string
	TOTPStep int64
}

// Passkey is a public key of a user's, made by an authenticator for one host.
type Passkey struct {
	// ID as the authenticator made it.
	ID    []byte
	Email string
	Name  string
	// Host whose pages it lets in: the relying party's id.
	Host string
	// Handle by which authenticators know the user.
	Handle []byte
	// Credential is the record of collector/access: key, counter and flags.
	Credential []byte
	CreatedAt  time.Time
	// UsedAt is zero if never.
	UsedAt time.Time
}

// How a session began.
const (
	ByPassword        = "password"
	ByPasswordAndCode = "password+code"
	ByPasskey         = "passkey"
	ByProvider        = "provider"
	ByFirstAdmin      = "first_admin"
	ByAgent           = "agent"
)

// AccessToken lets a user in: a session of a sign-in, or an API token.
type AccessToken struct {
	// ID is "t-" and 12 hex digits; it is no secret.
	ID string
	// Email of its owner, in lower case; Role the owner had when it was made: it ends when that changes.
	Email   string
	Role    Role
	Session bool
	Name    string
	// Write: it may change things.
	Write     bool
	CreatedAt time.Time
	ExpiresAt time.Time
	// UsedAt is when it was last used, to about a minute; zero if never.
	UsedAt time.Time
	// RevokedAt is zero unless it was ended before its time.
	RevokedAt time.Time
	// Of a session: how it began, from which network address, and in what: "Firefox on Linux".
	How, Address, Browser string
	// Owner, where an agent opened the session: all that it sees. Such a session has no e-mail, and a name as shown.
	Owner Owner
}

// Contact is one answered sync.
type Contact struct {
	Device string
	At     time.Time
	// Facts and Health are nil where the agent said nothing new.
	Facts  *agentv1.DeviceFacts
	Health *agentv1.Health
	// LastEpisodeAt is zero where the sync brought none.
	LastEpisodeAt time.Time
}

// Tombstone marks a deletion: what started before Before is gone and stays gone, of one login or, with an empty
// login key, of the whole device.
type Tombstone struct {
	Device string
	// LoginKey as by LoginKey; empty for the device.
	LoginKey string
	Before   time.Time
	At       time.Time
}

// Covers tells whether what started at a moment, on a device and of a login (empty: of the device as such), is deleted.
func (t Tombstone) Covers(device, loginKey string, start time.Time) bool {
	if !start.Before(t.Before) || t.Device != "" && t.Device != device {
		return false
	}
	return t.LoginKey == "" || t.LoginKey == loginKey
}

// AuditEntry is one act. Detail is JSON and may be erased later without breaking the chain.
type AuditEntry struct {
	Sequence uint64
	At       time.Time
	// Actor: a user, "device d-…", "administrator (local)", or "collector".
	Actor string
	// Action: "link.create", "device.enroll", "config.apply", …
	Action  string
	Subject string
	Detail  string
}

// AuditHead is the newest entry's sequence and hash.
type AuditHead struct {
	Sequence uint64
	Hash     []byte
}

// FileRevision is one applied change of a configuration file.
type FileRevision struct {
	File string
	At   time.Time
	// Actor: "file" for an edit outside the pages.
	Actor string
	// SHA256 of the file, hex.
	SHA256  string
	Content []byte
}
