package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

// route is one call and who may make it.
type route struct {
	method string
	path   string
	who    access
	handle echo.HandlerFunc
}

// access is who may make a call.
type access struct {
	anyone bool          // no sign-in
	roles  []models.Role // none named: every role
}

var (
	anyone   = access{anyone: true}
	everyone = access{}
	admins   = access{roles: []models.Role{models.RoleAdmin}}
	partners = access{roles: []models.Role{models.RoleReferralPartner}}

	// what reports may be read by whom: docs/domain.md, sections 3 and 4
	effort    = access{roles: []models.Role{models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor, models.RoleDirector}}
	summing   = access{roles: []models.Role{models.RoleSupervisor, models.RoleDirector, models.RoleReferralPartner}}
	freezing  = access{roles: []models.Role{models.RoleSupervisor, models.RoleDirector}}
	entering  = access{roles: []models.Role{models.RoleDirector, models.RoleAdmin}}
	reminding = access{roles: []models.Role{models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor}}
	taking    = access{roles: []models.Role{models.RoleOutreachWorker, models.RoleCaseManager, models.RoleSupervisor, models.RoleDirector, models.RoleAdmin}}
	merging   = access{roles: []models.Role{models.RoleCaseManager, models.RoleSupervisor}}
	printed   = access{roles: []models.Role{models.RoleCaseManager, models.RoleSupervisor, models.RoleDirector, models.RoleAdmin}}
)

// guard gives the middleware that holds a route's access and reads its query.
func (s *Server) guard(r route) []echo.MiddlewareFunc {
	var list []echo.MiddlewareFunc
	if !ownLimit[r.path] {
		list = append(list, limited)
	}
	if !r.who.anyone {
		list = append(list, s.signedIn(r.who.roles))
	}
	return append(list, readWhole)
}

// ownLimit are routes that limit their work themselves: long bodies, open streams and
// readings over years.
var ownLimit = map[string]bool{
	"/v1/sync": true, "/v1/sync/live": true, "/v1/export/:table": true,
	"/v1/reports/summary": true, "/v1/reports/summary/freeze": true, "/v1/reports/published-check": true,
	"/v1/intensity/services": true, "/v1/intensity/services/:id": true, "/v1/intensity/workers": true, "/v1/intensity/program": true,
}

// routes is every call of the server (docs/protocol.md; openapi.yaml describes each).
func (s *Server) routes() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []route{
		{get, "/healthz", anyone, s.health},
		{get, "/readyz", anyone, s.ready},
		{get, "/metrics", anyone, s.scrape},
		{get, "/openapi.yaml", anyone, s.contract},
		{get, "/docs", anyone, s.documentation},
		{get, "/.well-known/jwks.json", anyone, s.publicKeys},

		{post, "/v1/auth/login", anyone, s.login},
		{post, "/v1/auth/refresh", anyone, s.refresh},
		{post, "/v1/auth/logout", everyone, s.logout},
		{get, "/v1/me", everyone, s.me},
		{patch, "/v1/me", everyone, s.patchMe},

		{get, "/v1/devices", everyone, s.devices},
		{put, "/v1/devices/current/push-token", everyone, s.putPushToken},
		{del, "/v1/devices/current/push-token", everyone, s.deletePushToken},
		{post, "/v1/devices/:id/revoke", everyone, s.revokeDevice},
		{post, "/v1/devices/:id/wiped", anyone, s.deviceWiped}, // its token may be expired: checked within

		{get, "/v1/orgs", everyone, s.orgs},
		{post, "/v1/orgs", admins, s.createOrg},
		{get, "/v1/users", admins, s.users},
		{post, "/v1/users", admins, s.createUser},
		{patch, "/v1/users/:id", admins, s.patchUser},
		{get, "/v1/audit", admins, s.audit},

		{post, "/v1/sync", everyone, s.sync},
		{get, "/v1/sync/schema", everyone, s.schema},
		{get, "/v1/sync/live", everyone, s.live},
		{post, "/v1/sync/digests", everyone, s.digests},
		{get, "/v1/referrals/receipts", partners, s.receipts},
		{get, "/v1/people/duplicates", merging, s.duplicates},
		{post, "/v1/people/merge", merging, s.mergePeople},

		{get, "/v1/intensity/services", effort, s.intensityServices},
		{get, "/v1/intensity/services/:id", effort, s.intensityService},
		{get, "/v1/intensity/workers", effort, s.intensityWorkers},
		{get, "/v1/intensity/program", effort, s.intensityProgram},
		{get, "/v1/reports/summary", summing, s.summary},
		{post, "/v1/reports/summary/freeze", freezing, s.freezeSummary},
		{get, "/v1/reports/published-check", printed, s.publishedCheck},
		{get, "/v1/export/:table", taking, s.export},
		{get, "/v1/reminders/preview", reminding, s.previewReminder},
		{put, "/v1/incident-counts/:year/:month", entering, s.putIncidentCount},
	}
}
