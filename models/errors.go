package models

import (
	"errors"
	"fmt"
)

// Kind is the class of an Error. The api package maps each kind to one HTTP status.
type Kind uint8

// The kinds, in the order of their HTTP status.
const (
	KindInternal     Kind = iota // 500: a fault of the server
	KindBadRequest               // 400: not readable at all
	KindUnauthorized             // 401: no valid sign-in
	KindForbidden                // 403: signed in, but not allowed
	KindNotFound                 // 404: unknown, or not visible (the two are alike)
	KindMethod                   // 405: known path, wrong method
	KindConflict                 // 409: clashes with the present state
	KindTooLarge                 // 413: over a size limit
	KindEncoding                 // 415: an encoding that is not spoken
	KindInvalid                  // 422: readable, but not acceptable
	KindTooMany                  // 429: slow down
	KindUnavailable              // 503: cannot answer now, try again
)

// FieldFault is one fault of a request, by place; it never carries the value.
type FieldFault struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error is the one error type that crosses package borders.
//
// Code is stable and machine-readable (docs/protocol.md, section 2), Text is for
// people. Neither ever contains a value that somebody sent or stored.
type Error struct {
	Kind       Kind
	Code       string
	Text       string
	Faults     []FieldFault
	RetryAfter int // seconds; 0 = none
	Err        error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Text, e.Err)
	}
	return e.Code + ": " + e.Text
}

// Unwrap gives the cause, if any.
func (e *Error) Unwrap() error { return e.Err }

// E makes an Error.
func E(kind Kind, code, text string) *Error { return &Error{Kind: kind, Code: code, Text: text} }

// Invalid is a 422 invalid_request that names the faulty place.
func Invalid(location, message string) *Error {
	return &Error{Kind: KindInvalid, Code: "invalid_request", Text: "The request is not valid.",
		Faults: []FieldFault{{Location: location, Message: message}}}
}

// NotFound is the one answer for what does not exist and for what may not be seen.
func NotFound() *Error { return E(KindNotFound, "not_found", "There is nothing here for you.") }

// Forbidden is the answer to a caller whose role does not allow the call.
func Forbidden(text string) *Error { return E(KindForbidden, "forbidden", text) }

// AsError finds the *Error in a chain, or nil.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}
