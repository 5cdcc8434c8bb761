package api

import (
	"context"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	agentv1 "github.com/dayline-project/dayline/shared/gen/dayline/agent/v1"
)

// MyDay gives the address where a login of the device sees its own day.
func (a *Agents) MyDay(context.Context, *connect.Request[agentv1.MyDayRequest]) (*connect.Response[agentv1.MyDayResponse], error) {
	return nil, collector.Refuse(collector.NotFound, "", "this collector shows no days")
}
