package sync

import "pursuit/models"

// fate is what becomes of a job, the worst last: a group shares its worst.
type fate int

const (
	applied  fate = iota // and merged
	isolated             // in quarantine
	waits
	refused
)

// verdict is the fate of one job with what goes with it.
type verdict struct {
	fate   fate
	result models.Result
	wants  string // the row it waits for
	reason string // of quarantine
}

func rejected(j *job, r *models.Rejection) verdict {
	return verdict{fate: refused, result: models.Result{ID: j.ID, Status: models.StatusRejected,
		Code: r.Code, Message: r.Message, Field: r.Field}}
}

func deferred(j *job, wants string) verdict {
	return verdict{fate: waits, wants: wants, result: models.Result{ID: j.ID, Status: models.StatusDeferred}}
}

func quarantined(j *job, reason string) verdict {
	return verdict{fate: isolated, reason: reason, result: models.Result{ID: j.ID, Status: models.StatusQuarantined}}
}

// Reasons for which a mutation stands in quarantine.
const (
	reasonNotHeld    = "not_held"           // the case is no longer theirs
	reasonOutside    = "outside_assignment" // the attempt lies outside the time the case was theirs
	reasonRole       = "role_changed"       // the role they have now may not write this
	reasonNoParent   = "parent_missing"     // what it waited for did not come within a day
	reasonImpossible = "not_applicable"     // what it waited for came, and it did not fit
	reasonGroup      = "group"              // another mutation of its group could not be applied
)
