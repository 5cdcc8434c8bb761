package directory

import (
	"context"
	"fmt"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/config"
)

// Registry is what a Source reads.
type Registry interface {
	People(ctx context.Context) ([]collector.Person, error)
	Logins(ctx context.Context) ([]collector.Login, error)
	// LoginNames is what each device calls a directory login.
	LoginNames(ctx context.Context) (map[collector.Owner]string, error)
	Devices(ctx context.Context) ([]collector.Device, error)
}

// Source gives the directory as of now.
type Source struct {
	Registry Registry
	// Set is the configuration in force.
	Set func() *config.Set
}

// Now reads the registry and joins it with the configuration in force.
func (s *Source) Now(ctx context.Context) (*Directory, error) {
	var registered Registered
	var err error
	// What refers to something is read before it: a login that appears meanwhile has its person.
	if registered.Names, err = s.Registry.LoginNames(ctx); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if registered.Logins, err = s.Registry.Logins(ctx); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if registered.People, err = s.Registry.People(ctx); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	if registered.Devices, err = s.Registry.Devices(ctx); err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	set := s.Set()
	return New(set.People, registered, *set.Account.Privacy.MinPeople), nil
}
