package demo

// builder holds the year while it is being written.
type builder struct {
	calendar calendar
	cast     *cast
	journal  journal
	matters  []*matter
	people   int // persons invented so far
	phones   int // numbers dealt out so far
	taken    map[slot]bool
	officers int // attempts through a probation officer so far
}

// slot is one minute of one user: nobody makes two contact attempts in it.
type slot struct {
	user string
	when moment
}

// matter is one person with what became of them.
type matter struct {
	draft
	no       int
	person   *person
	review   day   // of the shooting review, when disposition is not empty
	referred day   // when source is not empty
	keeper   *User // a case manager or supervisor who holds the person all year
	contacts []contact
	services []*service
}

// contact is somebody who knows the person.
type contact struct {
	id, relation string
	from         moment // by then every phone that holds the person has the contact
}

// service is one referral sent out to one organisation.
type service struct {
	goal
	id       string
	matter   *matter
	team     *team
	assigned moment
	ended    moment // when the assignments ended; 0 = they are live at the end of the year
	auto     bool   // the server assigned the worker, who opened the service
	manager  *User
	stints   []stint
	jobs     []string // ids of the assignment rows: the case manager's, then each worker's
	course   []change
	attempts []*attempt
}

// stint is the time in which one worker has the case, from one moment on.
type stint struct {
	worker *User
	from   moment
}

func newBuilder(c calendar) *builder {
	return &builder{calendar: c, cast: newCast(c), journal: journal{calendar: c}, taken: map[slot]bool{}}
}

// workerAt answers who has the case at a moment.
func (s *service) workerAt(when moment) *User {
	worker := s.stints[0].worker
	for _, st := range s.stints {
		if st.from <= when {
			worker = st.worker
		}
	}
	return worker
}

// reserve finds the first free minute of a user from a moment on, in steps that leave
// time for the thing itself. After the working day it looks backwards.
func (b *builder) reserve(user *User, when moment) moment {
	const step, most = 3, workEnd / 3 // a working day of taken minutes, at the very most
	for i := range most {
		next := when + moment(i*step)
		if next.minute() >= workEnd || next.day() != when.day() {
			break
		}
		if b.take(user, next) {
			return next
		}
	}
	for i := range most {
		if before := when - moment(1+i); b.take(user, before) {
			return before
		}
	}
	return when
}

func (b *builder) take(user *User, when moment) bool {
	key := slot{user.ID, when}
	if b.taken[key] {
		return false
	}
	b.taken[key] = true
	return true
}
