//go:build !darwin

package main

import "github.com/dayline-project/dayline/agent/internal/enroll"

// managedString: only a Mac's management sets one.
func managedString() (string, error) { return "", enroll.ErrNoString }
