package enroll

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dayline-project/dayline/agent/internal/uplink"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/token"
)

// ErrEnrolled: an enrolled agent heeds no enrolment string.
var ErrEnrolled = errors.New("this device is enrolled already; --replace as administrator moves it to another collector and discards what is buffered")

// Enrolment is what is needed to enrol.
type Enrolment struct {
	// Folder is the state folder, prepared.
	Folder string
	Token  token.Token
	Facts  *agentv1.DeviceFacts
	// Say tells the person that it goes on trying, and why.
	Say func(string)
}

// Run trades the secret for an identity. It tries until it has an answer or ctx ends; a refusal ends it with the
// collector's words. Without an answer nothing is changed but for the key that was made. ErrEnrolled where there is an
// identity already.
func (e Enrolment) Run(ctx context.Context) (*Identity, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	identity, err := begin(e.Folder)
	if err != nil {
		return nil, err
	}
	trusted, err := uplink.NewTrusted(filepath.Join(e.Folder, trustFile), uplink.FromToken(e.Token), time.Time{})
	if err != nil {
		return nil, err
	}
	client := uplink.NewClient(trusted, nil)
	defer client.Close()
	public := identity.key.Public().(ed25519.PublicKey)
	collector, answer, err := uplink.Enroll(ctx, client, uplink.EnrollRequest{
		Secret: e.Token.Secret, Facts: e.Facts, PublicKey: public, Sign: identity.Sign, Waiting: e.Say,
	})
	if err != nil {
		return nil, err
	}
	if answer.Credential == nil || string(answer.Credential.PublicKey) != string(public) || answer.Credential.Device != answer.Device {
		return nil, errors.New("enroll: the collector answered with somebody else's credential")
	}
	if err := e.check(); err != nil { // by another command, meanwhile
		return nil, err
	}
	if err := trusted.Learn(answer.Trust, answer.CollectorTimeMs); err != nil {
		return nil, err
	}
	if err := identity.finish(collector, answer.Credential); err != nil {
		return nil, err
	}
	return identity, nil
}

// check gives ErrEnrolled where there is an identity.
func (e Enrolment) check() error {
	enrolled, err := Enrolled(e.Folder)
	if enrolled {
		return ErrEnrolled
	}
	return err
}

// Trusted is what an enrolled device trusts.
func Trusted(folder string) (*uplink.Trusted, error) {
	return uplink.LoadTrusted(filepath.Join(folder, trustFile))
}

// Forget removes the identity, a pending one, the trust, and a string that was left.
func Forget(folder string) error {
	for _, name := range []string{identityFile, pendingFile, trustFile, leftFile} {
		if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("enroll: forget: %w", err)
		}
	}
	return nil
}

// Move takes an identity and its trust from one folder to another on the same disk; the identity last, since it is what
// makes a device enrolled.
func Move(from, to string) error {
	for _, name := range []string{trustFile, identityFile} {
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return fmt.Errorf("enroll: move: %w", err)
		}
	}
	return nil
}
