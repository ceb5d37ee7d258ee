package models

// Version is what one schema brought beside those before it: fields of tables that
// stood already, and tables of its own. An app of an older schema knows of neither
// and goes on working, which holds only as long as a version keeps to the rules of
// docs/adr/0010-schema-versions.md; Unfit tells where one does not.
type Version struct {
	Schema int
	Fields map[string][]Field // by table
	Tables []*Table
}

// versions are the versions after the first, oldest first. There is none yet.
func versions() []Version { return nil }

// bring adds a version to the schema.
func (s *Schema) bring(v Version) {
	s.Version = max(s.Version, v.Schema)
	for name, fields := range v.Fields {
		t := s.byName[name]
		if t == nil { // Unfit tells; a declaration is no place to fail
			continue
		}
		for _, f := range fields {
			f.Since = v.Schema
			t.Fields = append(t.Fields, f)
		}
	}
	for _, t := range v.Tables {
		t.Since = v.Schema
		s.Tables = append(s.Tables, t)
		s.byName[t.Name] = t
	}
}

// Unfit lists what in a version would break apps of older schemas, given the schema
// that the version became part of; nothing when all is well.
func (v Version) Unfit(s *Schema) []string {
	var out []string
	for name, fields := range v.Fields {
		t := s.Table(name)
		if t == nil || t.Since >= v.Schema {
			out = append(out, name+": no older version has this table")
			continue
		}
		for _, f := range fields {
			for _, fault := range t.unfit(f) {
				out = append(out, name+"."+f.Name+": "+fault)
			}
		}
	}
	for _, t := range v.Tables {
		alike := 0
		for _, other := range s.Tables {
			if t.No == other.No || t.Name == other.Name {
				alike++
			}
		}
		if alike != 1 {
			out = append(out, t.Name+": another table has its number or name")
		}
	}
	return out
}

// unfit lists what speaks against a later version's field.
func (t *Table) unfit(f Field) []string {
	var out []string
	same := 0
	for _, other := range t.Fields {
		if other.Name == f.Name {
			same++
		}
	}
	for _, rule := range []struct {
		broken bool
		why    string
	}{
		{same != 1, "the table has a field of this name"},
		{f.Required, "an older app cannot send what is required"},
		{f.Fixed, "an older app cannot set with its insert what is fixed"},
		{f.Unit != "", "an older app would move the rest of its unit without it"},
		{f.Default != "" && !contains(f.Values, f.Default), "a default is one of a code's values"},
	} {
		if rule.broken {
			out = append(out, rule.why)
		}
	}
	return out
}
