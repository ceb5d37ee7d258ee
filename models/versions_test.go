package models

import (
	"strings"
	"testing"
)

// later makes a schema of people and one version after it.
func later(v Version) *Schema { return newSchema([]*Table{people()}, []Version{v}) }

// Every version keeps to the rules that let older apps go on working.
func TestVersionsAreFit(t *testing.T) {
	for _, v := range append(versions(), trial()...) {
		if faults := v.Unfit(Tables); len(faults) > 0 {
			t.Errorf("version %d: %s", v.Schema, strings.Join(faults, "; "))
		}
	}
	if MinSchema > Tables.Version+1 {
		t.Errorf("schema %d does not serve itself", Tables.Version)
	}
}

// Each rule is found broken.
func TestUnfitVersions(t *testing.T) {
	state := Field{Name: "mood", Type: TypeCode, Values: []string{"a"}, Default: "b"}
	for name, v := range map[string]Version{
		"required":   {Schema: 2, Fields: map[string][]Field{"people": {text("nickname").must()}}},
		"fixed":      {Schema: 2, Fields: map[string][]Field{"people": {text("nickname").fixed()}}},
		"unit":       {Schema: 2, Fields: map[string][]Field{"people": {text("nickname").unit("name", PolicyLatest)}}},
		"default":    {Schema: 2, Fields: map[string][]Field{"people": {state}}},
		"no table":   {Schema: 2, Fields: map[string][]Field{"nothing": {text("nickname")}}},
		"twice":      {Schema: 2, Fields: map[string][]Field{"people": {text("first_name"), text("nickname")}}},
		"number":     {Schema: 2, Tables: []*Table{{Name: "others", No: 1}}},
		"own fields": {Schema: 2, Tables: []*Table{{Name: "others", No: 30}}, Fields: map[string][]Field{"others": {text("x")}}},
	} {
		if faults := v.Unfit(later(v)); len(faults) == 0 {
			t.Errorf("%s: nothing is found", name)
		}
	}
	well := Version{Schema: 2, Fields: map[string][]Field{"people": {text("nickname")}}, Tables: []*Table{{Name: "others", No: 30}}}
	if faults := well.Unfit(later(well)); len(faults) > 0 {
		t.Error(faults)
	}
}

// A version's fields and tables stand in the schema with its number, before the
// stamps, and show as new to who knows the version before.
func TestAVersionJoinsTheSchema(t *testing.T) {
	s := later(Version{Schema: 3, Fields: map[string][]Field{"people": {text("nickname")}},
		Tables: []*Table{{Name: "others", No: 30, Fields: []Field{text("what")}}}})
	p, o := s.Table("people"), s.Table("others")
	if s.Version != 3 || o == nil || o != s.TableNo(30) || o.Since != 3 || o.Fields[0].Since != 3 {
		t.Fatalf("version %d, others %+v", s.Version, o)
	}
	if f := p.Fields[p.Field("nickname")]; f.Since != 3 || f.MaxLength != TextMax || p.Field("created_by") < p.Field("nickname") {
		t.Errorf("nickname is %+v", f)
	}
	if !p.NewAfter(2) || p.NewAfter(3) || !o.NewAfter(2) || o.NewAfter(3) {
		t.Error("what is new is told wrongly")
	}
}

// An instance of the version before keeps what it does not know when it writes a row
// again, and one of the version after gives a row written by the one before its
// defaults.
func TestVersionsBesideEachOther(t *testing.T) {
	old := newSchema([]*Table{people()}, nil).Table("people")
	state := Field{Name: "mood", Type: TypeCode, Values: []string{"calm", "\"odd\""}, Default: "calm"}
	young := later(Version{Schema: 2, Fields: map[string][]Field{"people": {text("nickname"), state}}}).Table("people")
	row := NewRow(young, NewID())
	row.PutText("code", "K")
	row.PutText("nickname", `a "quoted" name`)
	row.PutText("mood", `"odd"`)
	mid := &Row{Table: old, ID: row.ID}
	if err := mid.ReadDoc(row.Doc()); err != nil {
		t.Fatal(err)
	}
	mid = mid.Clone()
	mid.PutText("first_name", "F")
	back := &Row{Table: young, ID: row.ID}
	if err := back.ReadDoc(mid.Doc()); err != nil {
		t.Fatal(err)
	}
	if back.Text("nickname") != `a "quoted" name` || back.Text("mood") != `"odd"` || back.Text("first_name") != "F" || len(back.Rest) != 0 {
		t.Errorf("after an older instance: %s", back.Doc())
	}
	fresh := &Row{Table: young, ID: row.ID}
	if err := fresh.ReadDoc(NewRow(old, row.ID).Doc()); err != nil {
		t.Fatal(err)
	}
	if fresh.Text("mood") != "calm" || fresh.Get("nickname") != nil {
		t.Errorf("a row of an older instance: %s", fresh.Doc())
	}
}
