package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// Codes of authenticator applications (RFC 6238): six digits, SHA-1, a step of 30 s, one step either side.
const (
	totpStep    = 30
	totpSkew    = 1
	totpBytes   = 20
	totpWithin  = 10 * time.Minute
	maxCodeText = 16
)

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

// codeStep gives the step that a code is of, near a moment.
func codeStep(secret, code string, now time.Time) (step int64, right bool) {
	code = strings.ReplaceAll(code, " ", "")
	middle := now.Unix() / totpStep
	for at := middle - totpSkew; at <= middle+totpSkew; at++ {
		want, err := hotp.GenerateCode(secret, uint64(at))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, right = at, true
		}
	}
	return step, right
}

// takeCode takes a code of a user's, once.
func (a *Access) takeCode(ctx context.Context, credential collector.Credential, code string) (right bool, err error) {
	if len(code) > maxCodeText {
		return false, nil
	}
	step, right := codeStep(credential.TOTP, code, a.now())
	if !right {
		return false, nil
	}
	err = a.registry.UseTOTP(ctx, credential.Email, step)
	if collector.CodeOf(err) == collector.Conflict {
		return false, nil
	}
	return err == nil, err
}

// own gives the user who manages what it signs in with: in a session of its own, while passwords are what it signs in
// with. A token that a program holds must not make another way in.
func (a *Access) own(viewer collector.Viewer) (config.User, error) {
	user, known := a.User(viewer.User)
	switch {
	case !known || !viewer.Session:
		return user, collector.Refuse(collector.Denied, "", "sign in as a user to do this")
	case !a.localPassword(user):
		return user, collector.Refuse(collector.Denied, "", "you sign in with %s; second factors are set there", providerName(a.set()))
	}
	return user, nil
}

// BeginTOTP gives a secret for an authenticator application, in base32 and as an address to draw. It counts once
// EnableTOTP was given a code. Conflict where there is one already.
func (a *Access) BeginTOTP(ctx context.Context, viewer collector.Viewer) (secret, uri string, err error) {
	user, err := a.own(viewer)
	if err != nil {
		return "", "", err
	}
	credential, err := a.registry.Credential(ctx, user.Email)
	if err != nil {
		return "", "", err
	}
	if credential.TOTP != "" {
		return "", "", collector.Refuse(collector.Conflict, "", "an authenticator application is set up already; remove it first")
	}
	random := make([]byte, totpBytes)
	rand.Read(random)
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: "Dayline", AccountName: user.Email, Secret: random, Period: totpStep, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return "", "", err
	}
	secret = totpText.EncodeToString(random)
	a.totps.KeepAs(viewer.Token, secret)
	return secret, key.String(), nil
}

// EnableTOTP keeps the secret that BeginTOTP gave this session, once a code shows that the application has it.
func (a *Access) EnableTOTP(ctx context.Context, viewer collector.Viewer, code string) error {
	user, err := a.own(viewer)
	if err != nil {
		return err
	}
	secret, found := a.totps.Peek(viewer.Token)
	if !found {
		return collector.Refuse(collector.BadRequest, "code", "begin anew: the secret was made over %s ago", inWords(totpWithin))
	}
	step, right := codeStep(secret, code, a.now())
	if !right {
		return collector.Refuse(collector.BadRequest, "code", "the code is wrong; is the clock of the device with the application right?")
	}
	if _, found := a.totps.Take(viewer.Token); !found {
		return collector.Refuse(collector.Conflict, "code", "it was enabled already")
	}
	if err := a.registry.SetTOTP(ctx, user.Email, secret); err != nil {
		return err
	}
	return a.registry.UseTOTP(ctx, user.Email, step)
}

// DisableTOTP takes the authenticator application away, for the password or a code. Wrong ones count like those of a
// sign-in, and are written down like them: who found a session open would try some.
func (a *Access) DisableTOTP(ctx context.Context, viewer collector.Viewer, password, code string, from From) error {
	user, err := a.own(viewer)
	if err != nil {
		return err
	}
	credential, err := a.registry.Credential(ctx, user.Email)
	if err != nil {
		return err
	}
	if credential.TOTP == "" {
		return collector.Refuse(collector.NotFound, "", "no authenticator application is set up")
	}
	try, err := a.throttle.begin(user.Email, from)
	if err != nil {
		return err
	}
	right, how := false, collector.ByPassword
	switch {
	case code != "":
		how = collector.ByPasswordAndCode
		if err := try.code(); err != nil {
			return err
		}
		if right, err = a.takeCode(ctx, credential, code); right {
			try.rightCode()
		}
	case password != "" && len(password) <= maxPasswordBytes:
		right, err = a.hashing.verify(ctx, credential.Hash, password)
	}
	if err != nil {
		try.undone()
		return err
	}
	if !right {
		return a.failed(ctx, user.Email, how, from,
			collector.Refuse(collector.BadRequest, "code", "your password or a code is wanted, and this is neither"))
	}
	try.undone()
	return a.registry.SetTOTP(ctx, user.Email, "")
}
