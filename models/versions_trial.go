//go:build trial

package models

// trial is version 2 of the build with which tests of schema versions run: a text
// and a code with a default in tables that stood, and a table of its own
// (docs/adr/0010-schema-versions.md).
func trial() []Version {
	standing := code("standing", []string{"active", "lapsed"})
	standing.Default = "active"
	return []Version{{
		Schema: 2,
		Fields: map[string][]Field{
			"people":         {text("preferred_name")},
			"known_contacts": {standing},
		},
		Tables: []*Table{{Name: "errands", No: 31, Bucket: BucketPerson, Root: "person_id",
			Parents: []Parent{{"person_id", "people"}}, Fields: []Field{
				id("person_id").must().fixed(), text("what").must(), notes("note"), date("done_on"),
			}}},
	}}
}
