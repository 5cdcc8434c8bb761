package api

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
)

func TestEveryRefusalHasACode(t *testing.T) {
	for _, code := range []collector.Code{
		collector.BadRequest, collector.BadSecret, collector.Expired, collector.UsedUp, collector.Revoked, collector.UnknownDevice,
		collector.SignedOut, collector.TooMany, collector.TooLarge, collector.NoSpace, collector.TooOld, collector.NotFound,
		collector.Conflict, collector.Internal,
	} {
		err := problem(fmt.Errorf("room: verb: %w", collector.Refuse(code, "field", "reason")))
		if p := refusal(t, err); p.Code != string(code) || err.Code() == 0 {
			t.Errorf("%s became %v, %v", code, p, err.Code())
		}
		wants := code == collector.TooMany || code == collector.NoSpace
		if got := err.Meta().Get("Retry-After") != ""; got != wants {
			t.Errorf("%s: Retry-After %v", code, got)
		}
	}
}

func TestInnerWordsStayInside(t *testing.T) {
	for _, err := range []error{
		errors.New("open /var/lib/dayline/registry.db: input/output error"),
		collector.Refuse(collector.Internal, "", "/var/lib/dayline"),
	} {
		if told := problem(err); told.Code() != connect.CodeInternal || strings.Contains(told.Error(), "/var") {
			t.Errorf("told %v", told)
		}
	}
}
