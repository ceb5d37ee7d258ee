package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"pursuit/sync"
)

// duplicates is GET /v1/people/duplicates (docs/protocol.md, section 6): pairs of
// people who may be one, both of whom the caller holds, with the reasons.
func (s *Server) duplicates(c echo.Context) error {
	q := newList(c, "person_id", "reason")
	f := sync.DuplicateFilter{Person: q.id("person_id"), Reason: q.oneOf("reason", sync.ReasonPhone, sync.ReasonNameBirthDate)}
	limit, after, err := q.page(2)
	if err != nil {
		return err
	}
	f.After, f.Limit = after, limit+1
	list, err := s.engine.Duplicates(c.Request().Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	list, next := nextCursor(c, list, limit, sync.Duplicate.Key)
	if err := s.audited(c, "people.duplicates", idsOf(list)...); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"duplicates": list, "next": next})
}

// idsOf names everybody in a list of pairs, in its order.
func idsOf(list []sync.Duplicate) []string {
	seen, out := map[string]bool{}, []string{}
	for _, d := range list {
		for _, p := range d.People {
			if !seen[p.ID] {
				seen[p.ID] = true
				out = append(out, p.ID)
			}
		}
	}
	return out
}

type mergeBody struct {
	ID    string `json:"id"`
	Keep  string `json:"keep"`
	Merge string `json:"merge"`
}

func (b *mergeBody) check(f *faults) {
	f.id("body.id", b.ID)
	f.id("body.keep", b.Keep)
	f.id("body.merge", b.Merge)
	if b.Keep == b.Merge {
		f.add("body.merge", "must be another person than keep")
	}
}

// mergePeople is POST /v1/people/merge (docs/protocol.md, section 6).
func (s *Server) mergePeople(c echo.Context) error {
	in, err := decode[mergeBody](c)
	if err != nil {
		return err
	}
	out, err := s.engine.MergePeople(c.Request().Context(), actorOf(c), sync.PeopleMerge{ID: in.ID, Keep: in.Keep, Merge: in.Merge})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, out)
}
