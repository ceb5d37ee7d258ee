package sync

import "pursuit/models"

// SchemaAnswer describes every table and field (docs/protocol.md, section 5).
type SchemaAnswer struct {
	Schema    int                    `json:"schema"`
	MinSchema int                    `json:"min_schema"`
	Tables    map[string]SchemaTable `json:"tables"`
}

// SchemaTable describes one table.
type SchemaTable struct {
	Bucket string                 `json:"bucket"`
	Since  int                    `json:"since,omitempty"`
	Fields map[string]SchemaField `json:"fields"`
}

// SchemaField describes one field. ReadOnly is also true of fields that only the
// insert may set (Fixed).
type SchemaField struct {
	Type      string   `json:"type"`
	Policy    string   `json:"policy"`
	Required  bool     `json:"required"`
	ReadOnly  bool     `json:"read_only"`
	Fixed     bool     `json:"fixed,omitempty"`
	Values    []string `json:"values,omitempty"`
	MaxLength int      `json:"max_length,omitempty"`
	Minimum   *float64 `json:"minimum,omitempty"`
	Maximum   *float64 `json:"maximum,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	Default   string   `json:"default,omitempty"`
	Since     int      `json:"since,omitempty"`
}

// DescribeSchema makes the answer of GET /v1/sync/schema from the table declarations.
func DescribeSchema() SchemaAnswer {
	out := SchemaAnswer{Schema: models.Tables.Version, MinSchema: models.MinSchema, Tables: map[string]SchemaTable{}}
	for _, t := range models.Tables.Tables {
		fields := map[string]SchemaField{}
		for i := range t.Fields {
			f := &t.Fields[i]
			s := SchemaField{Type: string(f.Type), Policy: string(f.Policy), Required: f.Required, ReadOnly: f.ReadOnly,
				Fixed: f.Fixed, Values: f.Values, MaxLength: f.MaxLength, Unit: f.Unit, Default: f.Default}
			if f.Type == models.TypeInteger || f.Type == models.TypeNumber {
				s.Minimum, s.Maximum = &f.Min, &f.Max
			}
			if f.Since > 1 {
				s.Since = f.Since
			}
			fields[f.Name] = s
		}
		about := SchemaTable{Bucket: string(t.Bucket), Fields: fields}
		if t.Since > 1 {
			about.Since = t.Since
		}
		out.Tables[t.Name] = about
	}
	return out
}
