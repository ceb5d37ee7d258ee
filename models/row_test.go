package models_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"pursuit/models"
)

// value draws a canonical value of a field, or nil.
func value(t *rapid.T, f *models.Field) json.RawMessage {
	if rapid.Bool().Draw(t, "unset") {
		return nil
	}
	var raw json.RawMessage
	switch f.Type {
	case models.TypeCode:
		raw = models.Quote(rapid.SampledFrom(f.Values).Draw(t, f.Name))
	case models.TypeID:
		raw = models.Quote("019a9f60-0000-7000-8000-" + rapid.StringMatching(`[0-9a-f]{12}`).Draw(t, f.Name))
	case models.TypeDate:
		raw = models.Quote("2026-03-0" + rapid.StringMatching(`[1-9]`).Draw(t, f.Name))
	case models.TypeTimestamp:
		raw = models.Quote("2026-03-05T10:00:00." + rapid.StringMatching(`[0-9]{3}`).Draw(t, f.Name) + "Z")
	case models.TypeBool:
		raw = models.BoolValue(rapid.Bool().Draw(t, f.Name))
	case models.TypeInteger, models.TypeNumber:
		raw = models.IntValue(int64(rapid.IntRange(int(f.Min), int(f.Max)).Draw(t, f.Name)))
	case models.TypeTextList:
		raw = models.TextsValue(rapid.SliceOfNDistinct(rapid.StringN(0, 20, -1), 0, 5, rapid.ID[string]).Draw(t, f.Name))
	case models.TypeFactors:
		raw = json.RawMessage(`{"male":"yes"}`)
	case models.TypeObject, models.TypeAny:
		raw = json.RawMessage(`{"a":[1,null,{"b":"\u2028"}]}`)
	default:
		raw = models.Quote("x" + rapid.StringN(0, 50, -1).Draw(t, f.Name))
	}
	v, fault := models.Canon(f, raw)
	if fault != "" {
		if strings.Contains(string(raw), `\u0000`) {
			return nil
		}
		t.Fatalf("%s: %s", f.Name, fault)
	}
	return v
}

// A row of any table, written as it travels and read back, has the same values.
func TestDocRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SampledFrom(models.Tables.Tables).Draw(t, "table")
		row := models.NewRow(table, models.NewID())
		row.Bucket, row.V = models.NewID(), rapid.Int64Range(1, 1<<53).Draw(t, "v")
		for i := range table.Fields {
			row.Values[i] = value(t, &table.Fields[i])
		}
		doc := row.AppendDoc([]byte("before"))[len("before"):]
		var parts map[string]json.RawMessage
		if err := json.Unmarshal(doc, &parts); err != nil {
			t.Fatalf("%s is not JSON: %v", doc, err)
		}
		if len(parts) != len(table.Fields)+3 || models.Text(parts["id"]) != row.ID || models.Text(parts["_b"]) != row.Bucket ||
			string(parts["_v"]) != string(models.IntValue(row.V)) {
			t.Fatalf("%s has not id, _v, _b and every field", doc)
		}
		back := models.NewRow(table, row.ID)
		if err := back.ReadDoc(doc); err != nil {
			t.Fatal(err)
		}
		for i, f := range table.Fields {
			if !models.Equal(row.Values[i], back.Values[i]) || (row.Values[i] == nil) != (back.Values[i] == nil) {
				t.Fatalf("%s.%s was %s and is %s", table.Name, f.Name, row.Values[i], back.Values[i])
			}
		}
	})
}

// A document of another schema is read as far as it fits.
func TestReadDocOfAnotherSchema(t *testing.T) {
	row := models.NewRow(models.Tables.Table("people"), models.NewID())
	if err := row.ReadDoc([]byte(`{"id":"x","code":"Jay","shoe_size":44,"gender":null}`)); err != nil {
		t.Fatal(err)
	}
	if row.Text("code") != "Jay" || row.Get("gender") != nil || row.Get("notes") != nil {
		t.Fatalf("read %v", row.Values)
	}
	if err := row.ReadDoc([]byte(`{"code":`)); err == nil {
		t.Fatal("a damaged document was read")
	}
}

// A copy may be changed without touching its original.
func TestCloneIsApart(t *testing.T) {
	row := models.NewRow(models.Tables.Table("people"), models.NewID())
	row.Meta.Wrote(models.Writer{V: 1, Device: "a"})
	row.Meta.Wrote(models.Writer{V: 2, Device: "a"}, "notes")
	row.PutText("code", "Jay")
	copied := row.Clone()
	copied.PutText("code", "Wren")
	copied.Meta.Wrote(models.Writer{V: 3, Device: "b"}, "code")
	copied.Meta.Forget("notes")
	if row.Text("code") != "Jay" || row.Meta.Writer("code").V != 1 || row.Meta.Writer("notes").V != 2 {
		t.Fatal("changing a copy changed its original")
	}
}

// A logged row shows ids and no value.
func TestRowLogsNoValue(t *testing.T) {
	row := models.NewRow(models.Tables.Table("people"), models.NewID())
	row.PutText("first_name", "Dolores")
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("row", "row", row)
	if strings.Contains(b.String(), "Dolores") || !strings.Contains(b.String(), row.ID) {
		t.Fatalf("logged %s", b.String())
	}
}
