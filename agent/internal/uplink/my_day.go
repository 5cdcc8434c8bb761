package uplink

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/stream"
)

// ErrNothingStored: the collector has nothing of that login from this device.
var ErrNothingStored = errors.New("nothing of you has reached the collector from this computer")

// MyDay asks for the address where a login of this device sees its own day. Errors are in people's words.
func (u *Uplink) MyDay(ctx context.Context, login stream.Login) (string, error) {
	if u.turn.take(ctx) != nil {
		return "", errSilent
	}
	defer u.turn.give()
	var answer *agentv1.MyDayResponse
	err := u.signedIn(ctx, func() error {
		return u.Client.do(ctx, func(ctx context.Context, calls agentv1connect.AgentServiceClient) error {
			request := connect.NewRequest(&agentv1.MyDayRequest{Protocol: buildinfo.Protocol, Login: buffer.Login(login)})
			request.Header().Set("Authorization", "Bearer "+u.token)
			response, err := calls.MyDay(ctx, request)
			if err == nil {
				answer = response.Msg
			}
			return err
		})
	})
	switch problem := problemOf(err); {
	case err == nil:
		return answer.Url, nil
	case problem != nil && problem.Code == "not_found":
		return "", ErrNothingStored
	case connect.CodeOf(err) == connect.CodeUnimplemented:
		return "", errors.New("the collector is too old to show your day; it has to be updated first")
	default:
		return "", errors.New(words(err, problem))
	}
}
