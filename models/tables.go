package models

// Tables declares every synced table: fields, codes, policies, buckets, parents.
// The numbers are stored and must never change or be used again.
var Tables = newSchema([]*Table{
	people(), knownContacts(), assessments(), referrals(), services(), assignments(), contactAttempts(),
	statusEvents(), reminders(), actionItems(), programEvents(), consents(), transfers(), quarantine(), disclosures(), conflicts(), staff(), settings(),
}, append(versions(), trial()...))

// hiddenFromWorkers are the tables that case managers and supervisors keep to themselves.
func hiddenFromWorkers() []Role { return []Role{RoleOutreachWorker} }

func text(name string) Field             { return Field{Name: name, Type: TypeText} }
func id(name string) Field               { return Field{Name: name, Type: TypeID} }
func date(name string) Field             { return Field{Name: name, Type: TypeDate} }
func timestamp(name string) Field        { return Field{Name: name, Type: TypeTimestamp} }
func boolean(name string) Field          { return Field{Name: name, Type: TypeBool} }
func code(name string, v []string) Field { return Field{Name: name, Type: TypeCode, Values: v} }
func notes(name string) Field {
	return Field{Name: name, Type: TypeText, Policy: PolicyText, MaxLength: NoteMax}
}
func set(name string) Field { return Field{Name: name, Type: TypeTextList, Policy: PolicyUnion} }
func number(name string, low, high float64) Field {
	return Field{Name: name, Type: TypeNumber, Min: low, Max: high}
}
func integer(name string, low, high float64) Field {
	return Field{Name: name, Type: TypeInteger, Min: low, Max: high}
}
func (f Field) must() Field   { f.Required = true; return f }
func (f Field) server() Field { f.ReadOnly = true; return f }
func (f Field) about(field string) Field {
	f.Follows = field
	return f
}
func (f Field) fixed() Field           { f.Fixed = true; return f }
func (f Field) begins(as string) Field { f.Default = as; return f }
func (f Field) unit(name string, p Policy) Field {
	f.Unit, f.Policy = name, p
	return f
}

func people() *Table {
	return &Table{Name: "people", No: 1, Bucket: BucketPerson, Typed: true, Fields: []Field{
		text("code").must(), text("first_name"), text("last_name"), set("aliases"), date("date_of_birth"),
		text("gender"), set("phones"), text("address"), set("languages"), code("supervision", supervisions),
		boolean("houseless"), notes("notes"), {Name: "codes", Type: TypeTextList, ReadOnly: true},
	}}
}

func knownContacts() *Table {
	return &Table{Name: "known_contacts", No: 2, Bucket: BucketPerson, Root: "person_id", Typed: true,
		Parents: []Parent{{"person_id", "people"}}, Fields: []Field{
			id("person_id").must().fixed(), text("name").must(), code("relation", relations).must(), set("phones"),
			boolean("ok_to_contact"), notes("notes"),
		}}
}

func assessments() *Table {
	return &Table{Name: "assessments", No: 3, Bucket: BucketPerson, Root: "person_id", Typed: true,
		Hidden: hiddenFromWorkers(), Parents: []Parent{{"person_id", "people"}}, Fields: []Field{
			id("person_id").must().fixed(), date("shooting_review_on").must(), {Name: "factors", Type: TypeFactors},
			integer("arrest_count", 0, ArrestsMax), code("high_risk", risks).server(), code("override", yesNo),
			text("override_reason"), code("disposition", dispositions).must(),
		}}
}

func referrals() *Table {
	return &Table{Name: "referrals", No: 4, Bucket: BucketPerson, Root: "person_id", Typed: true,
		Parents: []Parent{{"person_id", "people"}}, Fields: []Field{
			id("person_id").must().fixed(), code("source", sources).must(), date("referred_on").must(),
			id("assessment_id"), text("reason"),
		}}
}

func services() *Table {
	return &Table{Name: "services", No: 5, Bucket: BucketService, Typed: true,
		Parents: []Parent{{"referral_id", "referrals"}, {"person_id", "people"}}, Fields: []Field{
			id("referral_id").must().fixed(), id("person_id").must().fixed(), code("track", tracks).must(),
			id("org_id").must().fixed(),
			code("status", statuses).begins(Pursuing).unit("status", PolicyAuthority),
			text("status_reason").unit("status", PolicyAuthority),
			date("status_on").unit("status", PolicyAuthority),
			date("short_term_ends_on").server(),
		}}
}

func assignments() *Table {
	return &Table{Name: "assignments", No: 6, Bucket: BucketService, Root: "service_id", Typed: true,
		Parents: []Parent{{"service_id", "services"}}, Fields: []Field{
			id("service_id").must().fixed(), id("user_id").must().fixed(), code("role", assignmentRoles).must().fixed(),
			timestamp("started_at").server(), {Name: "ended_at", Type: TypeTimestamp, MeansNow: true},
		}}
}

func contactAttempts() *Table {
	return &Table{Name: "contact_attempts", No: 7, Bucket: BucketService, Root: "service_id", Typed: true,
		Parents: []Parent{{"service_id", "services"}}, Fields: []Field{
			id("service_id").must().fixed(), code("channel", channels).must(), code("outcome", outcomes).must(),
			timestamp("occurred_at").must(), id("known_contact_id"), integer("duration_minutes", 0, DurationMax),
			notes("note"), number("latitude", -90, 90), number("longitude", -180, 180),
			id("worker_id").server(), timestamp("occurred_at_device").server().about("occurred_at"), timestamp("recorded_at").server(),
			timestamp("received_at").server(), boolean("late").server(), boolean("clock_suspect").server().about("occurred_at"),
			boolean("policy_exception").server(),
		}}
}

func statusEvents() *Table {
	return &Table{Name: "status_events", No: 8, Bucket: BucketService, Root: "service_id", Typed: true, Fields: []Field{
		id("service_id").server(), code("from", statuses).server(), code("to", statuses).server(),
		text("reason").server(), date("on").server(), id("by").server(),
	}}
}

func reminders() *Table {
	state := code("state", reminderStates).begins("pending")
	state.Policy = PolicyMax
	note := text("note")
	note.MaxLength = NoteMax
	return &Table{Name: "reminders", No: 9, Bucket: BucketService, Root: "service_id", Typed: true,
		Parents: []Parent{{"service_id", "services"}}, Fields: []Field{
			id("service_id").must().fixed(), id("user_id").fixed(), code("kind", reminderKinds).begins("manual"),
			timestamp("due_at").must(), state, timestamp("snoozed_until"), note, integer("escalation", 0, 2).server(),
		}}
}

func actionItems() *Table {
	item := text("text").must()
	return &Table{Name: "action_items", No: 10, Bucket: BucketPerson, Root: "person_id", Typed: true,
		Parents: []Parent{{"person_id", "people"}}, Fields: []Field{
			id("person_id").must().fixed(), code("kind", actionKinds).begins("task").fixed(), date("meeting_on"), item,
			id("owner_id"), date("due_on"), date("done_on"),
		}}
}

func programEvents() *Table {
	return &Table{Name: "program_events", No: 11, Bucket: BucketPerson, Root: "person_id", Typed: true,
		Hidden: hiddenFromWorkers(), Parents: []Parent{{"person_id", "people"}}, Fields: []Field{
			id("person_id").must().fixed(), code("kind", eventKinds).must(), date("on").must(), id("meeting_id"),
		}}
}

func consents() *Table {
	return &Table{Name: "consents", No: 12, Bucket: BucketPerson, Root: "person_id", Typed: true,
		Parents: []Parent{{"person_id", "people"}}, Fields: []Field{
			id("person_id").must().fixed(), id("recipient_org_id").must().fixed(), text("scope"),
			date("signed_on").must(), date("expires_on").must(), date("revoked_on"),
		}}
}

func transfers() *Table {
	return &Table{Name: "transfers", No: 13, Bucket: BucketSelf, Typed: true,
		Parents: []Parent{{"service_id", "services"}}, Fields: []Field{
			id("service_id").must().fixed(), text("person_code").server(), id("from_org_id").server(),
			id("to_org_id").must().fixed(), code("state", transferStates).begins("pending"), text("reason"),
		}}
}

func disclosures() *Table {
	return &Table{Name: "disclosures", No: 15, Bucket: BucketPerson, Root: "person_id", Typed: true,
		Hidden: hiddenFromWorkers(), Fields: []Field{
			id("person_id").server(), text("to").server(), text("why").server(), id("attempt_id").server(),
			timestamp("at").server(),
		}}
}

func quarantine() *Table {
	return &Table{Name: "quarantine", No: 14, Bucket: BucketSelf, Fields: []Field{
		id("mutation_id").server(), text("table").server(), id("row").server(), code("op", ops).server(),
		{Name: "set", Type: TypeObject, ReadOnly: true}, text("reason").server(), id("by").server(),
		timestamp("at").server(), code("state", quarantines),
	}}
}

func conflicts() *Table {
	hidden := []Role{RoleOutreachWorker, RoleDirector, RoleReferralPartner, RoleAdmin} // settings have conflicts too
	return &Table{Name: "conflicts", No: 16, Bucket: BucketOfRow, Hidden: hidden, Fields: []Field{
		text("table").server(), id("row").server(), text("field").server(), code("policy", policies).server(),
		{Name: "base_value", Type: TypeAny, ReadOnly: true}, {Name: "kept_value", Type: TypeAny, ReadOnly: true},
		{Name: "lost_value", Type: TypeAny, ReadOnly: true}, id("lost_by").server(), timestamp("lost_at").server(),
		code("state", conflictStates),
	}}
}

func staff() *Table {
	roles := make([]string, len(Roles))
	for i, r := range Roles {
		roles[i] = string(r)
	}
	return &Table{Name: "staff", No: 17, Bucket: BucketOrganisation, Fields: []Field{
		id("user_id").server(), text("name").server(), code("role", roles).server(), boolean("active").server(),
	}}
}

func settings() *Table {
	return &Table{Name: "settings", No: 18, Bucket: BucketProgram, Typed: true, Fields: []Field{
		text("key").must().fixed(), {Name: "value", Type: TypeAny, Required: true}, id("org_id").fixed(),
	}}
}
