package main

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The program that the reports are asked of: a year's referrals, each pursued for
// some months, so that the attempts spread over a year and a half.
const (
	reportServices = 50_000
	reportEach     = 20 // attempts at each service
	reportWorkers  = 240
	reportYear     = 2025
	reportAsOf     = "2026-06-30"

	tenths      = 10 // services and workers fall into ten parts; an organisation runs some of them
	millisADay  = int64(24 * time.Hour / time.Millisecond)
	referrerAt  = 16 * int64(time.Hour/time.Millisecond) // UTC: the morning
	changeHands = 45                                     // days after the referral
)

// shares says which organisation runs which tenth of the services: one a tenth, which
// makes 100,000 attempts, the others four and five.
var shares = [tenths]int{0, 1, 1, 1, 1, 2, 2, 2, 2, 2}

// rows are what is stored into one table.
type rows struct {
	table   string
	columns string // separated by spaces
	all     iter.Seq[[]any]
}

// history makes a program's rows from their numbers alone: the same on both databases.
type history struct {
	services int
	orgs     [3]string
	seq      int64 // of the row before the first
	first    int64 // milliseconds of the year's begin
}

// mixed spreads a number over all of its bits (SplitMix64).
func mixed(n, salt int) uint64 {
	x := uint64(n)*0x9e3779b97f4a7c15 + uint64(salt)*0xd1b54a32d192ed03
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// rowID is a version 7 id of a moment; kind keeps tables apart.
func rowID(kind int, at int64, n int) string {
	return fmt.Sprintf("%08x-%04x-7%03x-8000-%012x", at>>16, at&0xffff, kind, n)
}

const (
	kindUser = iota + 1
	kindPerson
	kindReferral
	kindService
	kindAssignment
	kindAttempt
	kindEvent
	kindAssessment
	kindMeeting
	kindProgramEvent
)

// referred is when a referral was entered, some time within an hour of its day.
func (h *history) referred(n int) int64 {
	return h.day(n) + referrerAt + int64(mixed(n, 1)%3_600_000)
}

func (h *history) day(n int) int64 {
	return h.first + int64(n)*365/int64(h.services)*millisADay
}

func (h *history) date(n, days int) string {
	return time.UnixMilli(h.referred(n) + int64(days)*millisADay).UTC().Format(time.DateOnly)
}

func (h *history) user(n int) string     { return rowID(kindUser, h.first, n) }
func (h *history) service(n int) string  { return rowID(kindService, h.referred(n), n) }
func (h *history) referral(n int) string { return rowID(kindReferral, h.referred(n), n) }
func (h *history) org(n int) string      { return h.orgs[shares[n%tenths]] }

// referralOf is the number of a service's referral: one in eight has two services.
func referralOf(n int) int {
	if n%8 == 7 {
		return n - 1
	}
	return n
}

// person is a referral's: now and then the one before it was of the same.
func (h *history) person(referral int) string {
	if referral%25 == 1 {
		referral--
	}
	return rowID(kindPerson, h.referred(referral), referral)
}

// workerOf is the number of the worker who holds a service at first, or afterwards.
func workerOf(n int, afterwards bool) int {
	turn := n / tenths
	if afterwards {
		turn += 7
	}
	return n%tenths + tenths*(turn%(reportWorkers/tenths))
}

func reassigned(n int) bool { return n/tenths%8 == 0 }

// step is a status that a service came to some days after its referral.
type step struct {
	days   int
	status string
}

func stepsOf(n int) []step {
	switch {
	case n%60 == 2:
		return []step{{90, "refused"}, {100, "pursuing"}}
	case n%30 == 4:
		return []step{{80, "enrolled"}, {150, "closed"}}
	case n%6 == 0:
		return []step{{60, "slo_engaged"}}
	case n%6 == 1:
		return []step{{60, "slo_engaged"}, {120, "enrolled"}}
	case n%6 == 2:
		return []step{{90, "refused"}}
	case n%6 == 3:
		return []step{{130, "unable_to_place"}}
	}
	return nil
}

func (h *history) each(fill func(n int, add func(...any))) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		more := true
		for n := 0; n < h.services && more; n++ {
			fill(n, func(values ...any) { more = more && yield(values) })
		}
	}
}

// cases are the rows around the attempts.
func (h *history) cases() []rows {
	return []rows{
		{"people", "program_no id seq code created_at", h.each(func(n int, add func(...any)) {
			add(1, rowID(kindPerson, h.referred(n), n), h.seq, fmt.Sprint("code ", n), h.referred(n))
		})},
		{"referrals", "program_no id seq person_id source referred_on created_at", h.each(func(n int, add func(...any)) {
			if referralOf(n) == n {
				add(1, h.referral(n), h.seq, h.person(n), sourceOf(n), h.date(n, 0), h.referred(n))
			}
		})},
		{"services", "program_no id seq referral_id person_id track org_id status status_on created_at", h.each(func(n int, add func(...any)) {
			status, on := "pursuing", h.date(n, 0)
			for _, s := range stepsOf(n) {
				status, on = s.status, h.date(n, s.days)
			}
			add(1, h.service(n), h.seq, h.referral(referralOf(n)), h.person(referralOf(n)), trackOf(n), h.org(n), status, on, h.referred(n))
		})},
		{"status_events", "program_no id seq service_id from to on created_at", h.each(func(n int, add func(...any)) {
			from := "pursuing"
			for i, s := range stepsOf(n) {
				add(1, rowID(kindEvent, h.referred(n), 4*n+i), h.seq+int64(i), h.service(n), from, s.status, h.date(n, s.days), h.referred(n)+int64(s.days)*millisADay)
				from = s.status
			}
		})},
		{"assignments", "program_no id seq service_id user_id role started_at ended_at", h.each(h.assignments)},
		{"grants", "program_no bucket principal source granted granted_at", h.each(func(n int, add func(...any)) {
			add(1, h.service(n), h.org(n), "service:"+h.service(n), h.seq, h.referred(n))
		})},
		{"assessments", "program_no id seq person_id shooting_review_on disposition", h.each(h.assessments)},
		{"program_events", "program_no id seq person_id kind on meeting_id", h.each(h.programEvents)},
	}
}

func sourceOf(n int) string {
	if n%10 < 7 {
		return "shooting_review"
	}
	return []string{"law_enforcement", "community_partner", "outreach"}[n%3]
}

func trackOf(n int) string {
	switch {
	case n%8 == 7 || n%9 == 8:
		return "hhp"
	case n%11 == 10:
		return "tvif"
	}
	return "slo_icm"
}

func (h *history) assignments(n int, add func(...any)) {
	from := h.referred(n) + millisADay
	hands := h.referred(n) + changeHands*millisADay
	id := func(i int) string { return rowID(kindAssignment, h.referred(n), 4*n+i) }
	if reassigned(n) {
		add(1, id(0), h.seq, h.service(n), h.user(workerOf(n, false)), "outreach_worker", from, hands)
		add(1, id(1), h.seq, h.service(n), h.user(workerOf(n, true)), "outreach_worker", hands, nil)
	} else {
		add(1, id(0), h.seq, h.service(n), h.user(workerOf(n, false)), "outreach_worker", from, nil)
	}
	if n%4 == 0 {
		add(1, id(2), h.seq, h.service(n), h.user(reportWorkers+n%tenths), "case_manager", from, nil)
	}
}

func (h *history) assessments(n int, add func(...any)) {
	id := rowID(kindAssessment, h.referred(n), n)
	switch {
	case sourceOf(n) == "shooting_review" && referralOf(n) == n:
		add(1, id, h.seq, h.person(n), h.date(n, -2), "referred")
	case n%20 == 7:
		add(1, id, h.seq, rowID(kindPerson, h.referred(n), n), h.date(n, 0), []string{"sscc", "pps", "not_appropriate"}[n%3])
	}
}

func (h *history) programEvents(n int, add func(...any)) {
	put := func(kind string, days int, meeting any) {
		add(1, rowID(kindProgramEvent, h.referred(n), 4*n+days), h.seq, h.person(referralOf(n)), kind, h.date(n, days), meeting)
	}
	if n%40 == 0 {
		put("custom_notification", 0, nil)
	}
	if n%50 == 0 { // ten and ten meet, on dates that are not all in one month
		put("call_in", 1, rowID(kindMeeting, h.first, n/500))
	}
	if n%333 == 0 {
		put("relocation", 2, nil)
	}
}

// store writes rows in bulk: by COPY on Postgres, by one prepared insert on SQLite.
func (r rows) store(ctx context.Context, copied *pgx.Conn, tx *sql.Tx) error {
	columns := strings.Fields(r.columns)
	next, stop := iter.Pull(r.all)
	defer stop()
	if copied != nil {
		_, err := copied.CopyFrom(ctx, pgx.Identifier{r.table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
			row, _ := next() // nil ends the copy
			return row, nil
		}))
		return err
	}
	insert, err := tx.PrepareContext(ctx, fmt.Sprintf(`INSERT INTO %s ("%s") VALUES (?%s)`, r.table,
		strings.Join(columns, `", "`), strings.Repeat(", ?", len(columns)-1)))
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }() // the transaction tells what went wrong
	for row, ok := next(); ok; row, ok = next() {
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return nil
}
