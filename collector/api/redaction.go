package api

import (
	"context"
	"fmt"
	"regexp"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/shared/episode"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
)

// maxTriedBytes of a title; agents cut longer ones.
const maxTriedBytes = 2048

// TryRedaction blanks in a title what patterns match, as agents do it.
func (a adminService) TryRedaction(_ context.Context, req *connect.Request[adminv1.TryRedactionRequest]) (*connect.Response[adminv1.TryRedactionResponse], error) {
	m := req.Msg
	if len(m.Title) > maxTriedBytes {
		return nil, collector.Refuse(collector.BadRequest, "title", "more than %d bytes", maxTriedBytes)
	}
	if len(m.Patterns) > episode.MaxPatterns {
		return nil, collector.Refuse(collector.BadRequest, "patterns", "more than %d", episode.MaxPatterns)
	}
	var patterns []*regexp.Regexp
	for i, text := range m.Patterns {
		field := fmt.Sprintf("patterns[%d]", i)
		if text == "" || len(text) > episode.MaxPatternBytes {
			return nil, collector.Refuse(collector.BadRequest, field, "a pattern has 1 to %d bytes", episode.MaxPatternBytes)
		}
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, collector.Refuse(collector.BadRequest, field, "%v", err)
		}
		patterns = append(patterns, pattern)
	}
	title, ok := episode.Redact(m.Patterns, m.Title)
	if !ok {
		return connect.NewResponse(&adminv1.TryRedactionResponse{Emptied: true}), nil
	}
	answer := &adminv1.TryRedactionResponse{Title: title}
	for i, pattern := range patterns {
		before, _ := episode.Redact(m.Patterns[:i], m.Title) // the whole took not too long, so no part does
		answer.Blanked = append(answer.Blanked, pattern.FindAllString(before, -1)...)
	}
	return connect.NewResponse(answer), nil
}
