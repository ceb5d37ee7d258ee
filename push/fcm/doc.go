// Package fcm sends pushes through Firebase Cloud Messaging (HTTP v1).
//
// A push carries {type, id} and a fixed sentence of package catalog in the person's
// language; a tickle carries {"type": "tickle"} and shows nothing. A Message has no
// field for anything else, so nothing of a case can leave by this way.
//
// Send reports a refusal as a *Fault whose Kind says what to do: forget the device
// token, wait, try again, look at the credential, or drop the message. No error, log
// or message carries a device token or an answer's text.
//
// With no credentials file, Open gives a driver that writes type and id to the log
// instead, so that a server without Firebase runs the same.
//
// Source: docs/protocol.md, section 7; docs/domain.md, section 5.
package fcm
