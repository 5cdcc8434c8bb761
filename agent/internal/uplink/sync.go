package uplink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/dayline-project/dayline/agent/internal/buffer"
	"github.com/dayline-project/dayline/shared/buildinfo"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/agent/v1/agentv1connect"
	"github.com/dayline-project/dayline/shared/stream"
)

const (
	maxSpans = 200
	// healthEvery is how often figures that always move (uptime, memory) are told when nothing else changed.
	healthEvery = 10 * time.Minute
)

// sync makes the call and does what the answer says: first what the disk has to know, in an order that a crash after
// any step only repeats.
func (u *Uplink) sync(ctx context.Context, scene Scene) (outcome, error) {
	batch, err := u.Buffer.Peek(min(u.atMost, u.repeat))
	if err != nil {
		// A buffer in trouble must not keep the device from saying so.
		u.Log.Error("buffer not read", "error", err)
	}
	if batch != nil {
		u.repeat = batch.Len()
	}
	request := u.request(scene, batch)
	sent := time.Now()
	answer, err := u.call(ctx, request)
	if err != nil {
		return outcome{}, fmt.Errorf("uplink: sync: %w", err)
	}
	u.observeClock(sent, answer.CollectorTimeMs)
	u.atMost, u.repeat, u.bare = min(2*u.atMost, stream.MaxEpisodes), stream.MaxEpisodes, false
	u.remember(request, scene)
	err = u.store(batch, request, answer)
	u.obey(ctx, answer, scene.Facts) // settings that are no good keep no directive from being heard
	if err != nil {
		u.note(func(s *Status) { s.LastContactAt = time.Now() })
		return outcome{}, fmt.Errorf("uplink: %w: %w", errNotKept, err)
	}
	asked := time.Duration(max(answer.RetryAfterMs, 0)) * time.Millisecond
	if answer.Fork {
		asked = max(asked, firstRetry)
	}
	more := batch != nil && asked == 0 && answer.LastSequence >= batch.First && u.Buffer.Stats().Episodes > 0
	return outcome{more: more, retryAfter: asked}, nil
}

func (u *Uplink) request(scene Scene, batch *buffer.Pending) *agentv1.SyncRequest {
	request := &agentv1.SyncRequest{
		Protocol:         buildinfo.Protocol,
		SettingsRevision: u.Settings.Revision(),
		DeviceTimeMs:     time.Now().UnixMilli(),
	}
	for _, login := range scene.Logins {
		request.Logins = append(request.Logins, buffer.Login(login))
	}
	if status := u.Status(); status.ClockKnown {
		request.ClockOffsetMs = proto.Int64(status.ClockOffset.Milliseconds())
	}
	if batch != nil {
		request.Batch = batch.Batch
	}
	if !proto.Equal(scene.Facts, u.sentFacts) {
		request.Facts = scene.Facts
	}
	if u.bare {
		return request
	}
	request.Open = scene.Open
	if u.healthChanged(scene.Health) {
		request.Health = scene.Health
	}
	spans, err := u.Buffer.Spans(maxSpans)
	if err != nil {
		u.Log.Error("spans not read", "error", err)
	}
	request.Spans = spans
	return request
}

// healthChanged leaves out of account what moves all the time, save every ten minutes.
func (u *Uplink) healthChanged(now *agentv1.Health) bool {
	if now == nil {
		return false
	}
	if u.sentHealth == nil || time.Since(u.healthAt) >= healthEvery {
		return true
	}
	return !proto.Equal(still(now), still(u.sentHealth))
}

func still(health *agentv1.Health) *agentv1.Health {
	copied := proto.Clone(health).(*agentv1.Health)
	copied.UptimeSeconds, copied.MemoryBytes, copied.CpuMs = 0, 0, 0
	copied.BufferedEpisodes, copied.BufferedBytes = 0, 0
	for _, c := range copied.Capture {
		c.ExtensionMs, c.FrontSeconds, c.AddressSeconds = 0, 0, 0
	}
	return copied
}

func (u *Uplink) remember(request *agentv1.SyncRequest, scene Scene) {
	if request.Health != nil {
		u.sentHealth, u.healthAt = request.Health, time.Now()
	}
	if request.Facts != nil {
		u.sentFacts = scene.Facts
	}
}

func (u *Uplink) call(ctx context.Context, message *agentv1.SyncRequest) (*agentv1.SyncResponse, error) {
	var answer *agentv1.SyncResponse
	err := u.Client.do(ctx, func(ctx context.Context, calls agentv1connect.AgentServiceClient) error {
		request := connect.NewRequest(message)
		request.Header().Set("Authorization", "Bearer "+u.token)
		response, err := calls.Sync(ctx, request)
		if err == nil {
			answer = response.Msg
		}
		return err
	})
	return answer, err
}

// store makes durable what was acknowledged, learnt and taken back.
func (u *Uplink) store(batch *buffer.Pending, request *agentv1.SyncRequest, answer *agentv1.SyncResponse) error {
	var problems []error
	if batch != nil {
		problems = append(problems, u.settle(batch, answer))
	}
	problems = append(problems, u.Buffer.DeleteSpans(request.Spans))
	for _, tombstone := range answer.Tombstones {
		var login *stream.Login
		if t := tombstone.Login; t != nil {
			login = &stream.Login{Authority: t.Authority, Account: t.Account, Name: t.Name}
		}
		problems = append(problems, u.Buffer.Erase(login, time.UnixMilli(tombstone.BeforeMs)))
	}
	problems = append(problems, u.Trusted.Learn(answer.Trust, answer.CollectorTimeMs))
	if settings := answer.Settings; settings != nil {
		problems = append(problems, u.Settings.Apply(settings.Revision, settings.Document))
	}
	return errors.Join(problems...)
}

// settle gives each episode of the batch its verdict: acknowledged, refused, or to be sent again.
func (u *Uplink) settle(batch *buffer.Pending, answer *agentv1.SyncResponse) error {
	switch {
	case string(answer.Stream) != string(batch.Stream[:]):
		return errors.New("uplink: the answer is about another stream")
	case answer.Fork:
		u.Log.Warn("stream forked", "episodes", batch.Len())
		return u.Buffer.Renumber(batch.Stream)
	}
	refused := make([]buffer.Refused, 0, len(answer.Refusals))
	for _, refusal := range answer.Refusals {
		refused = append(refused, buffer.Refused{Sequence: refusal.Sequence, Field: refusal.Field, Reason: refusal.Reason})
	}
	if len(refused) > 0 {
		u.Log.Warn("episodes refused", "count", len(refused), "field", refused[0].Field, "reason", refused[0].Reason)
	}
	if err := u.Buffer.Delete(batch, answer.LastSequence, refused); err != nil {
		return err
	}
	u.note(func(s *Status) { s.LastUploadAt = time.Now() })
	return nil
}

// obey carries out directives; one that is not known is passed over.
func (u *Uplink) obey(ctx context.Context, answer *agentv1.SyncResponse, facts *agentv1.DeviceFacts) {
	var others []*agentv1.Directive
	for _, directive := range answer.Directives {
		switch directive.Act.(type) {
		case *agentv1.Directive_Rekey:
			if err := u.rekey(ctx, facts); err != nil {
				u.Log.Error("key not replaced", "error", err)
			}
		case *agentv1.Directive_Resync:
			u.sentFacts, u.sentHealth = nil, nil
		default:
			others = append(others, directive)
		}
	}
	u.Direct(others)
}

// adjusted changes what the next sync carries after a refusal of all of this one, so that one bad part never holds back
// the rest; false where a change would not help.
func (u *Uplink) adjusted(problem *agentv1.Problem) bool {
	if problem.Code != "too_large" && problem.Code != "bad_request" {
		return false
	}
	inBatch := problem.Code == "too_large" || strings.HasPrefix(problem.Field, "batch")
	sent := min(u.atMost, u.repeat)
	switch {
	case !u.bare && (!inBatch || sent == 1):
		u.bare = true
		return true
	case !inBatch:
		return false
	case sent > 1:
		u.atMost, u.repeat = sent/2, stream.MaxEpisodes
		return true
	}
	// Refused alone: it is this one.
	batch, err := u.Buffer.Peek(1)
	if err != nil || batch == nil {
		return false
	}
	refused := []buffer.Refused{{Sequence: batch.First, Field: problem.Field, Reason: problem.Reason}}
	if err := u.Buffer.Delete(batch, batch.First, refused); err != nil {
		u.Log.Error("refused episode not set aside", "error", err)
		return false
	}
	return true
}
