package matrix

import (
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// schemaDepth bounds the walk through nested bodies: a mutation's fields lie 4 deep.
const schemaDepth = 6

// parameter is a query parameter with the codes it may take.
type parameter struct {
	name, format string
	values       []string
}

// operation is one call of the document.
type operation struct {
	id, method, path string
	public           bool // no sign-in is asked for
	query            []parameter
	places           []string // where it takes an id: path.id, query.org_id, body.pull.cursor
}

// openapi is the parsed document.
type openapi map[string]any

// document reads every call of api/openapi.yaml, and checks that its roles are those
// that the tables of this package speak of.
func document(t *testing.T) []operation {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "api", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var parsed map[string]any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	doc := openapi(parsed)
	named := texts(doc.at("components", "schemas", "Role")["enum"])
	want := roles()
	sort.Strings(named)
	sort.Strings(want)
	if !slices.Equal(named, want) {
		t.Fatalf("the document has the roles %v, expectations are written for %v", named, want)
	}
	var list []operation
	for path, methods := range doc.at("paths") {
		for method, operation := range methods.(map[string]any) {
			list = append(list, doc.operation(strings.ToUpper(method), path, operation.(map[string]any)))
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id < list[j].id })
	return list
}

func (d openapi) at(keys ...string) map[string]any {
	var node any = map[string]any(d)
	for _, key := range keys {
		object, _ := node.(map[string]any)
		node = object[key]
	}
	object, _ := node.(map[string]any)
	return object
}

// open follows a reference.
func (d openapi) open(node any) map[string]any {
	object, _ := node.(map[string]any)
	if ref, ok := object["$ref"].(string); ok {
		return d.at(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
	}
	return object
}

func (d openapi) operation(method, path string, node map[string]any) operation {
	op := operation{id: node["operationId"].(string), method: method, path: path}
	security, stated := node["security"].([]any)
	op.public = stated && len(security) == 0
	list, _ := node["parameters"].([]any)
	for _, item := range list {
		p := d.open(item)
		name, schema := p["name"].(string), d.open(p["schema"])
		format, _ := schema["format"].(string)
		if p["in"] == "query" {
			op.query = append(op.query, parameter{name: name, format: format, values: texts(schema["enum"])})
		}
		if takesID(name, format) {
			op.places = append(op.places, p["in"].(string)+"."+name)
		}
	}
	body := d.open(d.open(node["requestBody"])["content"])
	op.places = append(op.places, d.places("body", d.open(body["application/json"])["schema"], schemaDepth)...)
	return op
}

// places lists where a body takes an id.
func (d openapi) places(prefix string, node any, depth int) []string {
	schema := d.open(node)
	if depth == 0 || schema == nil {
		return nil
	}
	properties, _ := schema["properties"].(map[string]any)
	var found []string
	for name, property := range properties {
		field := d.open(property)
		items := d.open(field["items"])
		format, _ := field["format"].(string)
		inner, _ := items["format"].(string)
		if field["properties"] == nil && takesID(name, format) || inner == "uuid" {
			found = append(found, prefix+"."+name)
		}
		found = append(found, d.places(prefix+"."+name, field, depth-1)...)
		found = append(found, d.places(prefix+"."+name, items, depth-1)...)
	}
	sort.Strings(found)
	return found
}

// takesID tells whether a parameter names something that may be somebody else's.
func takesID(name, format string) bool {
	return format == "uuid" || name == "id" || strings.HasSuffix(name, "_id") ||
		slices.Contains([]string{"cursor", "after", "device", "frozen", "row", "buckets", "refresh_token"}, name)
}

func texts(node any) []string {
	list, _ := node.([]any)
	var out []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
