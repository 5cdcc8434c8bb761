package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/token"
)

// EnrollRequest is what a device enrols with.
type EnrollRequest struct {
	Secret    string
	Facts     *agentv1.DeviceFacts
	PublicKey []byte
	// Sign signs by the new device key.
	Sign func(token.Statement) []byte
	// Waiting is told why there is no answer yet, before each wait.
	Waiting func(string)
}

// Enroll asks until there is an answer or ctx ends, and gives the collector's name and answer. A refusal that waiting
// does not cure is an error in the collector's words.
func Enroll(ctx context.Context, client *Client, e EnrollRequest) (string, *agentv1.EnrollResponse, error) {
	for failures := 1; ; failures++ {
		name, answer, err := enrollOnce(ctx, client, e)
		if err == nil {
			return name, answer, nil
		}
		problem := problemOf(err)
		if problem != nil && problem.Code != "too_many" && problem.Code != "no_space" && problem.Code != "internal" && problem.Code != "signed_out" {
			return "", nil, fmt.Errorf("enroll: %s", refusal(problem))
		}
		if ctx.Err() != nil {
			return "", nil, fmt.Errorf("enroll: given up: %s", words(err, problem))
		}
		wait := retryIn(failures, retryAfterOf(err), random)
		e.Waiting(fmt.Sprintf("%s; trying again in %s", cause(err, problem), wait.Round(time.Second)))
		select {
		case <-ctx.Done():
			return "", nil, fmt.Errorf("enroll: given up: %s", words(err, problem))
		case <-time.After(wait):
		}
	}
}

func enrollOnce(ctx context.Context, client *Client, e EnrollRequest) (string, *agentv1.EnrollResponse, error) {
	challenge, err := challenge(ctx, client)
	if err != nil {
		return "", nil, err
	}
	request := &agentv1.EnrollRequest{
		Protocol: buildinfo.Protocol, Secret: e.Secret, Facts: e.Facts, PublicKey: e.PublicKey, Nonce: challenge.Nonce,
		Proof: e.Sign(token.EnrollStatement(challenge.Collector, challenge.Nonce, e.Secret)),
	}
	var answer *agentv1.EnrollResponse
	err = client.do(ctx, func(ctx context.Context, calls agentv1connect.AgentServiceClient) error {
		response, err := calls.Enroll(ctx, connect.NewRequest(request))
		if err == nil {
			answer = response.Msg
		}
		return err
	})
	return challenge.Collector, answer, err
}

// refusal tells a person what to do about it.
func refusal(problem *agentv1.Problem) string {
	switch problem.Code {
	case "bad_secret":
		return "the collector does not know this enrolment string; ask for a new one"
	case "expired":
		return "the enrolment string has expired; ask for a new one"
	case "used_up":
		return "the enrolment string was used as often as it may be; ask for a new one"
	case "revoked":
		return "the enrolment string was revoked; ask for a new one"
	}
	return "the collector refused: " + problem.Reason
}

// cause is words with what a person needs to mend a network.
func cause(err error, problem *agentv1.Problem) string {
	var inner *connect.Error
	if problem == nil && errors.As(err, &inner) {
		return words(err, problem) + " (" + inner.Message() + ")"
	}
	return words(err, problem)
}
