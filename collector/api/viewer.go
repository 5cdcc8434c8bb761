package api

import (
	"context"

	"github.com/dayline-project/dayline/collector"
)

// viewerOf gives who calls. What reaches the local socket is the local administrator.
func viewerOf(context.Context) collector.Viewer {
	return collector.Viewer{User: LocalAdministrator, Role: collector.Admin, Everyone: true}
}
