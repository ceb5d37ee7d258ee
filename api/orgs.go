package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pursuit/models"
)

// organisation is an organisation as lists show it.
type organisation struct {
	ID   string         `json:"id"`
	Name string         `json:"name"`
	Kind models.OrgKind `json:"kind"`
}

func newOrganisation(o models.Org) organisation {
	return organisation{ID: o.ID, Name: o.Name, Kind: o.Kind}
}

func (s *Server) orgs(c echo.Context) error {
	limit, after, err := newList(c).page(1)
	if err != nil {
		return err
	}
	list, err := s.store.Orgs(c.Request().Context(), actorOf(c).Program, after[0], limit+1)
	if err != nil {
		return err
	}
	list, next := nextCursor(c, list, limit, func(o models.Org) string { return o.ID })
	return c.JSON(http.StatusOK, map[string]any{"orgs": each(list, newOrganisation), "next": next})
}

type orgBody struct {
	Name string         `json:"name"`
	Kind models.OrgKind `json:"kind"`
}

func (b *orgBody) check(f *faults) {
	f.name("body.name", b.Name)
	if !b.Kind.Valid() {
		f.add("body.kind", "must be one of: "+joined([]models.OrgKind{models.OrgLead, models.OrgServiceProvider, models.OrgLawEnforcement, models.OrgCommunityPartner}))
	}
}

func (s *Server) createOrg(c echo.Context) error {
	in, err := decode[orgBody](c)
	if err != nil {
		return err
	}
	who := actorOf(c)
	org := models.Org{Program: who.Program, ID: models.NewID(), Name: in.Name, Kind: in.Kind}
	if org, err = s.accounts.CreateOrg(c.Request().Context(), who, org); err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newOrganisation(org))
}
