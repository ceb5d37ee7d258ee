package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"pursuit/sim/harness"
)

// attempt is one of a service's, by its number there.
type attempt struct {
	at      int64
	service int32
	number  int32
}

// attempts lists all of them in the order they were made.
func (h *history) attempts() []attempt {
	list := make([]attempt, 0, h.services*reportEach)
	for n := range h.services {
		for j := range reportEach {
			at := h.usual(n, j)
			if j > 0 && tappedTwice(n, j) {
				at = h.usual(n, j-1) + 20_000
			}
			list = append(list, attempt{at, int32(n), int32(j)})
		}
	}
	slices.SortFunc(list, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.service, b.service), cmp.Compare(a.number, b.number))
	})
	return list
}

// tappedTwice tells whether an attempt is the one before, tapped once more.
func tappedTwice(n, j int) bool { return mixed(n, j)%50 == 0 }

// usual is when an attempt is made: one a week, between seven in the morning and nine
// in the evening, on the minute.
func (h *history) usual(n, j int) int64 {
	x := mixed(n, 100+j)
	return h.day(n) + int64(1+7*j+int(x%5))*millisADay + int64(15*60+x>>8%(14*60))*60_000
}

var (
	channelsTried = []string{"call", "call", "text", "call", "in_person_visit", "text", "in_person_visit",
		"family_friends_known_contacts", "current_participant", "social_media", "probation_officer"}
	outcomesTold = []string{"no_answer", "left_message", "message_sent", "not_there", "no_answer", "number_disconnected",
		"third_party_reached", "spoke", "replied", "met", "located_in_custody", "wrong_number", "meeting_set"}
)

const attemptTable = 7 // contact_attempts in the feed

// worked gives the attempts as the typed table and the feed hold them.
func (h *history) worked(list []attempt) []rows {
	return []rows{
		{"contact_attempts", "program_no id seq service_id channel outcome occurred_at note worker_id occurred_at_device recorded_at received_at late clock_suspect policy_exception created_by created_at updated_by updated_at",
			func(yield func([]any) bool) {
				for i, a := range list {
					f := h.fields(i, a)
					if !yield([]any{1, f.id, f.seq, f.service, f.channel, f.outcome, a.at, attemptNote, f.worker, a.at, f.recorded, f.received,
						false, f.suspect, false, f.worker, f.received, f.worker, f.received}) {
						return
					}
				}
			}},
		{"feed", "program_no tbl id seq bucket deleted doc meta", func(yield func([]any) bool) {
			for i, a := range list {
				f := h.fields(i, a)
				if !yield([]any{1, attemptTable, f.id, f.seq, f.service, false, f.document(a), f.meta()}) {
					return
				}
			}
		}},
	}
}

const attemptNote = "Knocked twice, nobody came to the door this time."

type attemptFields struct {
	id, service, worker, channel, outcome string
	seq, recorded, received               int64
	suspect                               bool
}

func (h *history) fields(i int, a attempt) attemptFields {
	n, j := int(a.service), int(a.number)
	x := mixed(n, 1000+j)
	hands := h.referred(n) + changeHands*millisADay
	f := attemptFields{id: rowID(kindAttempt, a.at, i), service: h.service(n), seq: h.seq + 1 + int64(i),
		worker: h.user(workerOf(n, reassigned(n) && a.at >= hands)), channel: channelsTried[x%uint64(len(channelsTried))],
		outcome: outcomesTold[x>>16%uint64(len(outcomesTold))], recorded: a.at + 30_000, received: a.at + 60_000 + int64(x>>24%(3*24*60))*31_000,
		suspect: x>>40%97 == 0}
	if j > 0 && tappedTwice(n, j) {
		f.channel = channelsTried[mixed(n, 1000+j-1)%uint64(len(channelsTried))]
	}
	return f
}

func (f attemptFields) document(a attempt) string {
	received := harness.At(time.UnixMilli(f.received))
	return fmt.Sprintf(`{"id":"%s","_v":%d,"_b":"%s","service_id":"%[3]s","channel":"%s","outcome":"%s","occurred_at":"%s",`+
		`"known_contact_id":null,"duration_minutes":null,"note":"%s","latitude":null,"longitude":null,"worker_id":"%s","occurred_at_device":"%[6]s",`+
		`"recorded_at":"%[9]s","received_at":"%[10]s","late":false,"clock_suspect":%[11]t,"policy_exception":false,"created_by":"%[8]s","created_at":"%[10]s",`+
		`"updated_by":"%[8]s","updated_at":"%[10]s"}`, f.id, f.seq, f.service, f.channel, f.outcome, harness.At(time.UnixMilli(a.at)), attemptNote,
		f.worker, harness.At(time.UnixMilli(f.recorded)), received, f.suspect)
}

func (f attemptFields) meta() string {
	return fmt.Sprintf(`{"w":[{"v":%d,"d":"phone","u":"%s","r":"outreach_worker","a":%d,"m":"%s"}]}`, f.seq, f.worker, f.recorded, f.id)
}
