package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"pursuit/models"
	"pursuit/models/store"
)

// problem is an error answer: RFC 9457 with a stable code (docs/protocol.md,
// section 2). It never carries a value that was sent or stored, nor anything that
// would make two answers to the same question differ.
type problem struct {
	Type   string              `json:"type"`
	Title  string              `json:"title"`
	Status int                 `json:"status"`
	Detail string              `json:"detail"`
	Code   string              `json:"code"`
	Errors []models.FieldFault `json:"errors,omitempty"`
}

// problemType is the namespace of the problems' types.
const problemType = "urn:pursuit:problem:"

// statuses is the one map from kinds of error to HTTP.
var statuses = map[models.Kind]int{
	models.KindInternal:     http.StatusInternalServerError,
	models.KindBadRequest:   http.StatusBadRequest,
	models.KindUnauthorized: http.StatusUnauthorized,
	models.KindForbidden:    http.StatusForbidden,
	models.KindNotFound:     http.StatusNotFound,
	models.KindMethod:       http.StatusMethodNotAllowed,
	models.KindConflict:     http.StatusConflict,
	models.KindTooLarge:     http.StatusRequestEntityTooLarge,
	models.KindEncoding:     http.StatusUnsupportedMediaType,
	models.KindInvalid:      http.StatusUnprocessableEntity,
	models.KindTooMany:      http.StatusTooManyRequests,
	models.KindUnavailable:  http.StatusServiceUnavailable,
}

// statusClosed is logged for a caller who left; nobody receives it.
const statusClosed = 499

const retryUnavailable = 5 // seconds after which a database may be back

func internal() *models.Error {
	return models.E(models.KindInternal, "internal", "The server failed; it was logged.")
}

func unavailable() *models.Error {
	e := models.E(models.KindUnavailable, "unavailable", "The server cannot answer now; try again.")
	e.RetryAfter = retryUnavailable
	return e
}

// asError makes every error one of ours.
func asError(err error) *models.Error {
	if e := models.AsError(err); e != nil {
		return e
	}
	var web *echo.HTTPError
	if errors.As(err, &web) {
		switch web.Code {
		case http.StatusNotFound:
			return models.NotFound()
		case http.StatusMethodNotAllowed:
			return models.E(models.KindMethod, "method_not_allowed", "This path does not take this method.")
		}
	}
	if store.Away(err) {
		return unavailable()
	}
	return internal()
}

// answerError is Echo's error handler: everything that goes wrong ends here.
func answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	e := asError(err)
	failed := e.Kind == models.KindInternal || e.Kind == models.KindUnavailable
	if failed && c.Request().Context().Err() != nil { // the caller left, and with it the work; who closed the sending side alone still reads
		_ = writeProblem(c, unavailable())
		c.Response().Status = statusClosed
		return
	}
	if failed {
		slog.Error("request failed", "request", requestID(c), "route", c.Path(), "error", withoutValues(err))
	}
	header := c.Response().Header()
	if e.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	if e.Kind == models.KindUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	if err := writeProblem(c, e); err != nil {
		slog.Debug("could not answer", "request", requestID(c), "error", err)
	}
}

func writeProblem(c echo.Context, e *models.Error) error {
	status := statuses[e.Kind]
	text, err := json.Marshal(problem{Type: problemType + e.Code, Title: http.StatusText(status), Status: status,
		Detail: e.Text, Code: e.Code, Errors: e.Faults})
	if err != nil {
		return err
	}
	return c.Blob(status, "application/problem+json", text)
}

// withoutValues writes an error for the log. A database's own message may quote
// what somebody sent: its code stands for it.
func withoutValues(err error) string {
	text := err.Error()
	var database interface {
		error
		SQLState() string
	}
	if errors.As(err, &database) {
		text = strings.ReplaceAll(text, database.Error(), "SQLSTATE "+database.SQLState())
	}
	return text
}
