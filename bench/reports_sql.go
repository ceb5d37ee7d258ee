package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"pursuit/sim/harness"
)

// The floor of a report is SQL that gives the same figures, as somebody would write it
// who knows the definitions (docs/domain.md, sections 3 and 4) and this database. What
// the two databases say differently stands in braces; see floorSQL.fill.
//
// A pause is a time out of pursuit. The dates of a change belong to both sides, so only
// the dates strictly between its ends are out. Times of attempts and dates are compared
// in the program's zone, as milliseconds and days of its wall clock.
const sqlPursuit = `WITH served AS (
	SELECT v.id, {DAY r.referred_on} AS start FROM services v JOIN referrals r ON r.program_no = v.program_no AND r.id = v.referral_id
	WHERE v.program_no = 1 AND r.referred_on <= '{ASOF}'{ONE v.id}),
event AS (
	SELECT service_id, seq, "from", "to", {DAY "on"} AS day, CASE WHEN "to" IN ('pursuing', 'slo_engaged') THEN 1 ELSE 0 END AS inside
	FROM status_events WHERE program_no = 1 AND "on" <= '{ASOF}'{ONE service_id}),
turn AS (
	SELECT service_id, seq, day, inside, lag(inside, 1, 1) OVER (PARTITION BY service_id ORDER BY seq) AS before FROM event),
pause AS (
	SELECT * FROM (SELECT service_id, inside, day AS away, lead(day) OVER (PARTITION BY service_id ORDER BY seq) AS back
		FROM turn WHERE inside <> before) AS changed WHERE inside = 0),
tap AS (
	SELECT a.service_id, a.worker_id, a.channel, a.outcome, a.occurred_at, a.received_at - a.occurred_at AS lateness, {LOCAL a.occurred_at} / 86400000 AS day,
		row_number() OVER (PARTITION BY a.service_id, a.worker_id, a.channel, a.occurred_at / 60000 ORDER BY a.recorded_at, a.id) AS nth
	FROM contact_attempts a JOIN served s ON s.id = a.service_id
	WHERE a.program_no = 1 AND NOT a.clock_suspect AND {LOCAL a.occurred_at} < {END} AND {LOCAL a.occurred_at} / 86400000 >= s.start{ONE a.service_id}
	AND NOT EXISTS (SELECT 1 FROM pause p WHERE p.service_id = a.service_id
		AND {LOCAL a.occurred_at} / 86400000 > p.away AND {LOCAL a.occurred_at} / 86400000 < coalesce(p.back, {LAST} + 1))),
counted AS (
	SELECT service_id, worker_id, channel, occurred_at, lateness, day,
		CASE WHEN outcome IN ('replied', 'spoke', 'met', 'meeting_set', 'accepted', 'refused') THEN 1 ELSE 0 END AS reached,
		CASE WHEN outcome IN ('third_party_reached', 'located_in_custody', 'located_in_hospital', 'moved_away', 'deceased') THEN 1 ELSE 0 END AS others
	FROM tap WHERE nth = 1)`

// sqlEffort are the counts of attempts and, last, the median lateness.
const sqlEffort = `count(*), sum(reached), sum(others), sum(CASE WHEN channel = 'call' THEN 1 ELSE 0 END), sum(CASE WHEN channel = 'text' THEN 1 ELSE 0 END),
	sum(CASE WHEN channel = 'in_person_visit' THEN 1 ELSE 0 END), sum(CASE WHEN channel = 'family_friends_known_contacts' THEN 1 ELSE 0 END),
	sum(CASE WHEN channel = 'current_participant' THEN 1 ELSE 0 END), sum(CASE WHEN channel = 'social_media' THEN 1 ELSE 0 END),
	sum(CASE WHEN channel = 'probation_officer' THEN 1 ELSE 0 END)`

// sqlWorkers gives each author's effort, last attempt and median lateness.
const sqlWorkers = sqlPursuit + ` SELECT CAST(worker_id AS TEXT), ` + sqlEffort + `, max(occurred_at), {MEDIAN worker_id} GROUP BY worker_id`

// sqlHolders gives what each worker holds: dates in pursuit, services, those never
// tried, and those that engaged and enrolled with them.
const sqlHolders = sqlPursuit + `, held AS (
	SELECT service_id, user_id, id, {LOCAL started_at} AS since, {LOCAL ended_at} AS until FROM assignments
	WHERE program_no = 1 AND role = 'outreach_worker' AND {LOCAL started_at} < {END}),
span AS (
	SELECT h.user_id, h.service_id, {MAX}(h.since / 86400000, s.start) AS f, {MIN}(coalesce(h.until / 86400000, {LAST}), {LAST}) AS u
	FROM held h JOIN served s ON s.id = h.service_id),
outside AS (
	SELECT x.user_id, x.service_id, sum({MAX}(0, {MIN}(x.u, coalesce(p.back - 1, {LAST})) - {MAX}(x.f, p.away + 1) + 1)) AS days
	FROM span x JOIN pause p ON p.service_id = x.service_id GROUP BY x.user_id, x.service_id),
tried AS (SELECT DISTINCT service_id FROM counted),
first_day AS (
	SELECT service_id, min(CASE WHEN "to" IN ('slo_engaged', 'short_term', 'enrolled') THEN day END) AS engaged,
		min(CASE WHEN "to" = 'enrolled' THEN day END) AS enrolled FROM event GROUP BY service_id),
moment AS (
	SELECT id AS service_id, 'now' AS what, {LAST} AS day FROM served UNION ALL
	SELECT service_id, 'engaged', engaged FROM first_day WHERE engaged IS NOT NULL UNION ALL
	SELECT service_id, 'enrolled', enrolled FROM first_day WHERE enrolled IS NOT NULL),
holder AS (
	SELECT * FROM (SELECT m.service_id, m.what, h.user_id, row_number() OVER (PARTITION BY m.service_id, m.what ORDER BY h.since DESC, h.id DESC) AS nth
		FROM moment m JOIN held h ON h.service_id = m.service_id AND h.since < CAST(m.day + 1 AS BIGINT) * 86400000
		AND (h.until IS NULL OR h.until >= CAST(m.day + 1 AS BIGINT) * 86400000)) AS ranked WHERE nth = 1),
share AS (
	SELECT x.user_id, {MAX}(0, x.u - x.f + 1) - coalesce(o.days, 0) AS days, 0 AS services, 0 AS never, 0 AS engaged, 0 AS enrolled
	FROM span x LEFT JOIN outside o ON o.user_id = x.user_id AND o.service_id = x.service_id
	UNION ALL
	SELECT h.user_id, 0, CASE WHEN h.what = 'now' AND p.service_id IS NULL THEN 1 ELSE 0 END,
		CASE WHEN h.what = 'now' AND p.service_id IS NULL AND t.service_id IS NULL THEN 1 ELSE 0 END,
		CASE WHEN h.what = 'engaged' THEN 1 ELSE 0 END, CASE WHEN h.what = 'enrolled' THEN 1 ELSE 0 END
	FROM holder h LEFT JOIN pause p ON p.service_id = h.service_id AND p.back IS NULL LEFT JOIN tried t ON t.service_id = h.service_id)
SELECT CAST(user_id AS TEXT), sum(days), sum(services), sum(never), sum(engaged), sum(enrolled) FROM share GROUP BY user_id`

// sqlWeeks gives each week's effort, by its Monday, and at -1 that of all weeks with
// the median lateness.
const sqlWeeks = sqlPursuit + ` SELECT day - (day + 3) % 7, ` + sqlEffort + `, 0 FROM counted GROUP BY day - (day + 3) % 7
	UNION ALL SELECT -1, ` + sqlEffort + `, {MEDIAN 1} WHERE 1 = 1`

// sqlOutcomes gives, for the waits until contact, engagement and enrolment, how many
// services waited how many days and whether it came; and beside them the services by
// status, the weeks in which services engaged and enrolled, and the dates in pursuit.
const sqlOutcomes = sqlPursuit + `, met AS (
	SELECT service_id, min(CASE WHEN reached = 1 THEN day END) AS day FROM counted GROUP BY service_id),
first_day AS (
	SELECT service_id, min(CASE WHEN "to" IN ('slo_engaged', 'short_term', 'enrolled') THEN day END) AS engaged,
		min(CASE WHEN "to" = 'enrolled' THEN day END) AS enrolled FROM event GROUP BY service_id),
standing AS (
	SELECT service_id, "to" AS status, row_number() OVER (PARTITION BY service_id ORDER BY seq DESC) AS nth FROM event),
away AS (
	SELECT service_id, sum({MAX}(0, coalesce(back, {LAST} + 1) - away - 1)) AS days, max(CASE WHEN back IS NULL THEN away END) AS final FROM pause GROUP BY service_id),
one AS (
	SELECT s.start, coalesce(x.status, 'pursuing') AS status, {LAST} - s.start + 1 - coalesce(p.days, 0) AS days, coalesce(p.final, {LAST}) - s.start AS seen,
		CASE WHEN p.final IS NULL THEN 1 ELSE 0 END AS inside, CASE WHEN m.service_id IS NULL THEN 1 ELSE 0 END AS never,
		m.day - s.start AS met, f.engaged - s.start AS engaged, f.enrolled - s.start AS enrolled
	FROM served s LEFT JOIN standing x ON x.service_id = s.id AND x.nth = 1 LEFT JOIN away p ON p.service_id = s.id
	LEFT JOIN met m ON m.service_id = s.id LEFT JOIN first_day f ON f.service_id = s.id)
SELECT 'met', coalesce(met, seen), CASE WHEN met IS NULL THEN 0 ELSE 1 END, count(*) FROM one GROUP BY 2, 3
UNION ALL SELECT 'engaged', coalesce(engaged, seen), CASE WHEN engaged IS NULL THEN 0 ELSE 1 END, count(*) FROM one GROUP BY 2, 3
UNION ALL SELECT 'enrolled', coalesce(enrolled, seen), CASE WHEN enrolled IS NULL THEN 0 ELSE 1 END, count(*) FROM one GROUP BY 2, 3
UNION ALL SELECT 'week engaged', start + engaged - (start + engaged + 3) % 7, 0, count(*) FROM one WHERE engaged IS NOT NULL GROUP BY 2
UNION ALL SELECT 'week enrolled', start + enrolled - (start + enrolled + 3) % 7, 0, count(*) FROM one WHERE enrolled IS NOT NULL GROUP BY 2
UNION ALL SELECT 'status ' || status, 0, 0, count(*) FROM one GROUP BY status
UNION ALL SELECT 'pursuit_days', 0, 0, sum(days) FROM one UNION ALL SELECT 'in_pursuit', 0, 0, sum(inside) FROM one
UNION ALL SELECT 'never_attempted', 0, 0, sum(inside * never) FROM one`

// sqlService gives one service's effort, its first and last attempt, the first date of
// contact, the dates in pursuit, and the longest gap of one that was never out of it.
const sqlService = sqlPursuit + `, gap AS (
	SELECT {LOCAL occurred_at} - coalesce(lag({LOCAL occurred_at}) OVER (ORDER BY occurred_at), (SELECT min({LOCAL started_at}) FROM assignments
		WHERE program_no = 1{ONE service_id})) AS millis FROM counted
	UNION ALL SELECT {END} - max({LOCAL occurred_at}) FROM counted)
SELECT ` + sqlEffort + `, min(occurred_at), max(occurred_at), min(CASE WHEN reached = 1 THEN day END) - (SELECT start FROM served),
	(SELECT {LAST} - start + 1 - (SELECT coalesce(sum(coalesce(back, {LAST} + 1) - away - 1), 0) FROM pause) FROM served),
	(SELECT max(millis) FROM gap), {MEDIAN 1}`

// sqlTimeline lists one service's attempts.
const sqlTimeline = `SELECT id, occurred_at, worker_id, channel, outcome, clock_suspect FROM contact_attempts WHERE program_no = 1{ONE service_id} ORDER BY occurred_at`

// sqlSummary gives the year's cells by month.
const sqlSummary = `WITH unit_row AS (
	SELECT id, person_id, substr(referred_on, 6, 2) AS m, source, row_number() OVER (PARTITION BY person_id, substr(referred_on, 6, 2)
		ORDER BY referred_on, created_at, id) AS nth FROM referrals WHERE program_no = 1 AND referred_on BETWEEN '{YEAR}-01-01' AND '{ASOF}'),
last AS (
	SELECT service_id, CASE WHEN "to" = 'closed' THEN "from" ELSE "to" END AS status, row_number() OVER (PARTITION BY service_id ORDER BY seq DESC) AS nth
	FROM status_events WHERE program_no = 1 AND "on" <= '{ASOF}'),
run AS (
	SELECT r.person_id, r.m, v.track, coalesce(l.status, 'pursuing') AS status FROM unit_row r JOIN services v ON v.program_no = 1 AND v.referral_id = r.id
	LEFT JOIN last l ON l.service_id = v.id AND l.nth = 1),
unit AS (
	SELECT person_id, m, sum(CASE WHEN track = 'slo_icm' THEN 1 ELSE 0 END) AS slo_icm, sum(CASE WHEN track = 'hhp' THEN 1 ELSE 0 END) AS hhp,
		sum(CASE WHEN track = 'tvif' THEN 1 ELSE 0 END) AS tvif, max(CASE WHEN status = 'enrolled' AND track = 'slo_icm' THEN 1 ELSE 0 END) AS icm,
		max(CASE WHEN status = 'enrolled' AND track <> 'slo_icm' THEN 1 ELSE 0 END) AS icm_else, max(CASE status WHEN 'enrolled' THEN 6 WHEN 'short_term' THEN 5
		WHEN 'slo_engaged' THEN 4 WHEN 'pursuing' THEN 3 WHEN 'refused' THEN 2 WHEN 'unable_to_place' THEN 1 ELSE 0 END) AS rank
	FROM run GROUP BY person_id, m),
event AS (
	SELECT e.*, row_number() OVER (PARTITION BY kind, coalesce(meeting_id, id) ORDER BY "on", id) AS nth,
		row_number() OVER (PARTITION BY kind, coalesce(meeting_id, id), person_id ORDER BY "on", id) AS nth_of_person
	FROM program_events e WHERE program_no = 1 AND "on" <= '{ASOF}'),
cell AS (
	SELECT m, 'referred' AS name, count(*) AS n FROM unit_row WHERE nth = 1 GROUP BY m UNION ALL
	SELECT m, 'other_referrals', count(*) FROM unit_row WHERE nth = 1 AND source <> 'shooting_review' GROUP BY m UNION ALL
	SELECT m, 'out_slo_icm', sum(slo_icm) FROM unit GROUP BY m UNION ALL SELECT m, 'out_hhp', sum(hhp) FROM unit GROUP BY m UNION ALL
	SELECT m, 'out_tvif', sum(tvif) FROM unit GROUP BY m UNION ALL SELECT m, 'icm', sum(icm + icm_else) FROM unit GROUP BY m UNION ALL
	SELECT m, 'short_term', count(*) FROM unit WHERE rank = 5 GROUP BY m UNION ALL SELECT m, 'slo', count(*) FROM unit WHERE rank = 4 GROUP BY m UNION ALL
	SELECT m, 'pursuing', count(*) FROM unit WHERE rank = 3 GROUP BY m UNION ALL SELECT m, 'refused', count(*) FROM unit WHERE rank = 2 GROUP BY m UNION ALL
	SELECT m, 'unable_to_place', count(*) FROM unit WHERE rank = 1 GROUP BY m UNION ALL SELECT m, 'engaged', count(*) FROM unit WHERE rank >= 4 GROUP BY m UNION ALL
	SELECT substr(shooting_review_on, 6, 2), 'assessed', count(DISTINCT person_id) FROM assessments
		WHERE program_no = 1 AND shooting_review_on BETWEEN '{YEAR}-01-01' AND '{ASOF}' GROUP BY 1 UNION ALL
	SELECT substr(shooting_review_on, 6, 2), disposition, count(*) FROM assessments WHERE program_no = 1 AND disposition IN ('sscc', 'pps')
		AND shooting_review_on BETWEEN '{YEAR}-01-01' AND '{ASOF}' GROUP BY 1, 2 UNION ALL
	SELECT substr("on", 6, 2), 'custom_notifications', count(*) FROM event WHERE kind = 'custom_notification' AND nth = 1 AND "on" >= '{YEAR}-01-01' GROUP BY 1 UNION ALL
	SELECT substr("on", 6, 2), 'call_in_meetings', count(*) FROM event WHERE kind = 'call_in' AND nth = 1 AND "on" >= '{YEAR}-01-01' GROUP BY 1 UNION ALL
	SELECT substr("on", 6, 2), 'call_ins', count(*) FROM event WHERE kind = 'call_in' AND nth_of_person = 1 AND "on" >= '{YEAR}-01-01' GROUP BY 1 UNION ALL
	SELECT substr("on", 6, 2), 'relocations', count(*) FROM event WHERE kind = 'relocation' AND "on" >= '{YEAR}-01-01' GROUP BY 1)
SELECT CAST(m AS INTEGER), name, n FROM cell`

// floorSQL fills in what the texts above leave open.
type floorSQL struct {
	kind harness.Kind
	zone *time.Location
	asOf string
	one  string // service id; "" = all
}

// fill replaces what stands in braces: {LOCAL c} milliseconds of the wall clock, {DAY c}
// the day's number of a date, {MEDIAN g} the median lateness of the attempts counted by g
// with the FROM that it needs, {ONE c} the one service, and single words.
func (f floorSQL) fill(text string) string {
	last := dayNumber(f.asOf)
	words := map[string]string{"ASOF": f.asOf, "LAST": strconv.FormatInt(last, 10), "END": strconv.FormatInt((last+1)*millisADay, 10),
		"YEAR": strconv.Itoa(reportYear), "MAX": "max", "MIN": "min"}
	if f.kind == harness.Postgres {
		words["MAX"], words["MIN"] = "greatest", "least"
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		inside, after, _ := strings.Cut(rest, "}")
		word, column, _ := strings.Cut(inside, " ")
		b.WriteString(f.word(word, column, words))
		text = after
	}
}

func (f floorSQL) word(word, column string, words map[string]string) string {
	switch word {
	case "LOCAL":
		return f.local(column)
	case "DAY":
		if f.kind == harness.Postgres {
			return fmt.Sprintf("(CAST(%s AS date) - DATE '1970-01-01')", column)
		}
		return fmt.Sprintf("(CAST(strftime('%%s', %s) AS INTEGER) / 86400)", column)
	case "MEDIAN":
		return f.median(column)
	case "ONE":
		if f.one == "" {
			return ""
		}
		return fmt.Sprintf(" AND %s = '%s'", column, f.one)
	}
	return words[word]
}

// local adds the zone's offset, which changes twice a year.
func (f floorSQL) local(column string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "(%s + CASE", column)
	at := time.Date(reportYear-1, time.December, 1, 0, 0, 0, 0, f.zone)
	for range 5 {
		_, until := at.ZoneBounds()
		_, seconds := at.Zone()
		if until.IsZero() {
			break
		}
		fmt.Fprintf(&b, " WHEN %s < %d THEN %d", column, until.UnixMilli(), seconds*1000)
		at = until
	}
	_, seconds := at.Zone()
	fmt.Fprintf(&b, " ELSE %d END)", seconds*1000)
	return b.String()
}

// median is an aggregate of its own on Postgres. SQLite has none: there the middle
// ones of each group are numbered and averaged.
func (f floorSQL) median(by string) string {
	if f.kind == harness.Postgres {
		return `percentile_cont(0.5) WITHIN GROUP (ORDER BY lateness) FROM counted`
	}
	return fmt.Sprintf(`avg(CASE WHEN place * 2 IN (many, many + 1, many + 2) THEN lateness END) FROM (SELECT *, count(*) OVER (PARTITION BY %[1]s) AS many,
		row_number() OVER (PARTITION BY %[1]s ORDER BY lateness) AS place FROM counted) AS numbered`, by)
}

func dayNumber(date string) int64 {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return 0 // the dates here are constants
	}
	return t.UnixMilli() / millisADay
}
