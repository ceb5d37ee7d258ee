// Package api speaks HTTP: it decodes, authenticates, calls and answers.
//
// routes.go holds every route and its roles, problem.go the one shape of errors,
// body.go the limits of what is read. No rule of the domain is here; what a call
// means stands in docs/protocol.md and openapi.yaml.
package api
