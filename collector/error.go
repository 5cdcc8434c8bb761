package collector

import (
	"errors"
	"fmt"
)

// Code is the kind of a refusal. The api room turns each into a Connect code and a Problem.
type Code string

// The codes.
const (
	BadRequest    Code = "bad_request"
	BadSecret     Code = "bad_secret"
	Expired       Code = "expired"
	UsedUp        Code = "used_up"
	Revoked       Code = "revoked"
	UnknownDevice Code = "unknown_device"
	SignedOut     Code = "signed_out"
	TooMany       Code = "too_many"
	TooLarge      Code = "too_large"
	NoSpace       Code = "no_space"
	TooOld        Code = "too_old"
	NotFound      Code = "not_found"
	Denied        Code = "denied"
	Conflict      Code = "conflict"
	Internal      Code = "internal"
)

// Error is a refusal in people's words: the code, the field it is about (empty where none) and the reason.
type Error struct {
	Code   Code
	Field  string
	Reason string
}

// Error gives "field: reason".
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

// Refuse makes an Error; the reason is formatted as by fmt.Sprintf.
func Refuse(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Reason: fmt.Sprintf(format, args...)}
}

// CodeOf finds the code in a chain of errors: Internal for any other error, empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal.Code
	}
	return Internal
}
