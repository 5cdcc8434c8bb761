package uplink

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/token"
)

// renewBefore a session token ends.
const renewBefore = 5 * time.Minute

// challenge asks for a nonce, and learns the collector's name and clock by it.
func challenge(ctx context.Context, c *Client) (*agentv1.ChallengeResponse, error) {
	var answer *agentv1.ChallengeResponse
	err := c.do(ctx, func(ctx context.Context, calls agentv1connect.AgentServiceClient) error {
		response, err := calls.Challenge(ctx, connect.NewRequest(&agentv1.ChallengeRequest{Protocol: buildinfo.Protocol}))
		if err == nil {
			answer = response.Msg
		}
		return err
	})
	return answer, err
}

// signIn gets a session token, unless there is one that will do. Its end is judged by the device's clock and the time
// since, so a wrong clock only costs a sign-in.
func (u *Uplink) signIn(ctx context.Context) error {
	if u.token != "" && time.Now().Before(u.tokenEnd) {
		return nil
	}
	sent := time.Now()
	challenge, err := challenge(ctx, u.Client)
	if err != nil {
		return fmt.Errorf("uplink: challenge: %w", err)
	}
	u.observeClock(sent, challenge.CollectorTimeMs)
	request := &agentv1.SignInRequest{
		Protocol:   buildinfo.Protocol,
		Credential: u.Identity.Credential(),
		Nonce:      challenge.Nonce,
		Proof:      u.Identity.Sign(token.SignInStatement(challenge.Collector, challenge.Nonce, u.Identity.Device())),
	}
	err = u.Client.do(ctx, func(ctx context.Context, calls agentv1connect.AgentServiceClient) error {
		response, err := calls.SignIn(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		u.token = response.Msg.Token
		lifetime := time.Duration(response.Msg.ExpiresMs-challenge.CollectorTimeMs) * time.Millisecond
		u.tokenEnd = sent.Add(max(min(lifetime, time.Hour)-renewBefore, time.Minute))
		return nil
	})
	if err != nil {
		return fmt.Errorf("uplink: sign in: %w", err)
	}
	return nil
}

// observeClock takes the collector's time as told half-way between sending and now.
func (u *Uplink) observeClock(sent time.Time, collectorTimeMS int64) {
	if collectorTimeMS == 0 {
		return
	}
	middle := sent.Add(time.Since(sent) / 2)
	offset := time.Duration(collectorTimeMS-middle.UnixMilli()) * time.Millisecond
	u.note(func(s *Status) { s.ClockOffset, s.ClockAt, s.ClockKnown = offset, middle, true })
}

// rekey replaces the device's key. The collector says if another computer had it first: then this one is a new device.
func (u *Uplink) rekey(ctx context.Context, facts *agentv1.DeviceFacts) error {
	challenge, err := challenge(ctx, u.Client)
	if err != nil {
		return fmt.Errorf("uplink: challenge: %w", err)
	}
	err = u.Identity.Rekey(func(newKey ed25519.PrivateKey) (*agentv1.Credential, error) {
		public := newKey.Public().(ed25519.PublicKey)
		statement := token.RekeyStatement(challenge.Collector, challenge.Nonce, u.Identity.Device(), public)
		request := connect.NewRequest(&agentv1.RekeyRequest{
			Protocol: buildinfo.Protocol, Credential: u.Identity.Credential(), Nonce: challenge.Nonce, NewPublicKey: public,
			OldProof: u.Identity.Sign(statement), NewProof: statement.Sign(newKey), Facts: facts,
		})
		request.Header().Set("Authorization", "Bearer "+u.token)
		var credential *agentv1.Credential
		err := u.Client.do(ctx, func(ctx context.Context, calls agentv1connect.AgentServiceClient) error {
			response, err := calls.Rekey(ctx, request)
			if err == nil {
				credential = response.Msg.Credential
			}
			return err
		})
		return credential, err
	})
	if err != nil {
		return fmt.Errorf("uplink: rekey: %w", err)
	}
	u.token = ""
	return nil
}
