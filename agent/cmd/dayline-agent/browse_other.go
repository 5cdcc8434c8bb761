//go:build !linux && !windows && !darwin

package main

import "errors"

func browse(string) error { return errors.ErrUnsupported }
