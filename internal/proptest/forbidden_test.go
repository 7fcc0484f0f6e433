package proptest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/middleware"
)

// fault turns an allowed request into a forbidden one.
type fault struct {
	name   string
	status int
	place  string // that the reply has to name; empty for none
	commit func(*generator, *world, *attempt)
}

// faultsOf returns every single way to violate the document of an operation.
func faultsOf(op operation) []fault {
	list := slices.Concat(authenticationFaults(op), parameterFaults(op))
	if op.Spec.Responses.Value("406") != nil {
		list = append(list, header("Accept", "application/xml", http.StatusNotAcceptable), header("Accept", "*/*;q=0", http.StatusNotAcceptable))
	}
	if op.body == nil {
		return list
	}
	list = append(list, bodyFaults(op)...)
	return append(list, textFaults(op)...)
}

func header(name, value string, status int) fault {
	return fault{name + ": " + shorten(value), status, "", func(_ *generator, _ *world, a *attempt) {
		a.header.Del(name)
		if value != "" {
			a.header.Set(name, value)
		}
	}}
}

func authenticationFaults(op operation) []fault {
	if op.RequiredRole == access.Anon {
		return nil
	}
	var list []fault
	for _, value := range []string{"", "Bearer", "Bearer x.y.z", "Basic YTpi", "bearer \xff"} {
		list = append(list, header("Authorization", value, http.StatusUnauthorized))
	}
	return append(list, fault{"a refresh token as access token", http.StatusUnauthorized, "", func(_ *generator, _ *world, a *attempt) {
		a.header.Set("Authorization", "Bearer "+a.by.actor.RefreshToken)
	}})
}

func parameterFaults(op operation) []fault {
	var list []fault
	query := func(name, place string, commit func(*generator, *world, *attempt)) {
		list = append(list, fault{name, http.StatusUnprocessableEntity, place, commit})
	}
	unknown := []string{"no_such_parameter", "__proto__", "x\x00", "\xff"}
	for _, p := range op.Parameters {
		s := op.parameters[p.Name]
		switch p.In {
		case openapi3.ParameterInPath:
			for _, v := range inParameter(s) {
				if v.value == "" {
					continue // the path would be another one
				}
				query(p.Name+" in the path: "+v.name, p.Name, func(_ *generator, _ *world, a *attempt) { a.id = text(v.value) })
			}
		case openapi3.ParameterInHeader:
			if s.maxLen >= 0 {
				list = append(list, header(p.Name, strings.Repeat("x", s.maxLen+1), http.StatusUnprocessableEntity))
			}
		default:
			unknown = append(unknown, strings.ToUpper(p.Name), p.Name+"[]")
			for _, v := range inParameter(s) {
				query(p.Name+": "+v.name, p.Name, func(_ *generator, _ *world, a *attempt) { a.query.Set(p.Name, text(v.value)) })
			}
			query(p.Name+": twice", p.Name, func(g *generator, w *world, a *attempt) {
				value := a.query.Get(p.Name)
				if value == "" {
					value = text(g.value(s, p.Name))
				}
				if p.Name == "tenant_id" {
					value = w.tenant.ID.String()
				}
				a.query[p.Name] = []string{value, value}
			})
			if p.Required {
				query(p.Name+": missing", p.Name, func(_ *generator, _ *world, a *attempt) { a.query.Del(p.Name) })
			}
			if p.Name == "cursor" {
				query("cursor: cut off", p.Name, func(_ *generator, w *world, a *attempt) {
					cursor := w.cursor(op.Operation, a.by, maps.Clone(a.query))
					a.query.Set("cursor", "x"+cursor[:len(cursor)/2])
				})
			}
		}
	}
	for _, name := range unknown {
		query("unknown parameter "+shorten(name), strings.ToValidUTF8(name, "?"), func(_ *generator, _ *world, a *attempt) { a.query.Set(name, "1") })
	}
	for _, raw := range []string{"a=%zz", "%", "a=1;b=2"} {
		query("query "+raw, "query", func(_ *generator, _ *world, a *attempt) {
			a.rawQuery = strings.TrimPrefix(a.query.Encode()+"&"+raw, "&")
		})
	}
	return list
}

// bodyFaults returns violations of the body's schema.
func bodyFaults(op operation) []fault {
	var list []fault
	set := func(name, pointer, wrong string, value any) {
		list = append(list, fault{pointer + ": " + name, http.StatusUnprocessableEntity, wrong, func(_ *generator, _ *world, a *attempt) {
			a.body = put(a.body, steps(pointer), value)
		}})
	}
	object := func(name, pointer, wrong string, change func(*generator, map[string]any) any) {
		list = append(list, fault{pointer + ": " + name, http.StatusUnprocessableEntity, wrong, func(g *generator, _ *world, a *attempt) {
			there, _ := find(a.body, pointer).(map[string]any)
			changed := maps.Clone(there)
			if changed == nil {
				changed = map[string]any{}
			}
			a.body = put(a.body, steps(pointer), change(g, changed))
		}})
	}
	for _, p := range places("", op.body) {
		for _, v := range slices.Concat(inBody(p.schema), extremes(p.schema)) {
			set(v.name, p.pointer, p.pointer, v.value)
		}
		for _, name := range p.schema.required {
			object(name+" is missing", p.pointer, p.pointer+"/"+name, func(_ *generator, o map[string]any) any { delete(o, name); return o })
		}
		if p.schema.kind != "object" {
			continue
		}
		unknown := []string{}
		if p.schema.closed {
			unknown = []string{"no_such_field", "__proto__", ""}
		}
		for i, name := range p.schema.names() {
			field := p.schema.fields[name]
			if p.schema.closed && i == 0 {
				unknown = append(unknown, strings.ToUpper(name), name+" ")
			}
			object(name+" stands there twice", p.pointer, p.pointer+"/"+name, func(g *generator, o map[string]any) any {
				delete(o, name)
				value := encode(nil, g.value(field, p.pointer+"/"+name))
				twice := encode(nil, name) + ":" + value
				return raw("{" + twice + "," + rest(o) + twice + "}")
			})
		}
		for _, name := range unknown {
			object("unknown field "+shorten(name), p.pointer, p.pointer+"/"+name, func(_ *generator, o map[string]any) any { o[name] = "x"; return o })
		}
	}
	for _, r := range op.References {
		if r.Pointer == "" {
			continue
		}
		list = append(list, fault{r.Pointer + ": names nothing", http.StatusBadRequest, r.Pointer, func(g *generator, _ *world, a *attempt) {
			a.body = put(a.body, steps(r.Pointer), g.id().String())
		}})
	}
	return list
}

// rest returns the encoded fields of an object, so that others can follow.
func rest(o map[string]any) string {
	inner := strings.TrimSuffix(strings.TrimPrefix(encode(nil, o), "{"), "}")
	if inner == "" {
		return ""
	}
	return inner + ","
}

// find returns the value at a place of a body.
func find(in any, pointer string) any {
	for _, name := range steps(pointer) {
		object, _ := in.(map[string]any)
		in = object[name]
	}
	return in
}

// textFaults returns faults in the encoding of a body.
func textFaults(op operation) []fault {
	var list []fault
	text := func(name string, status int, change func(string) string) {
		list = append(list, fault{"body: " + name, status, "", func(_ *generator, _ *world, a *attempt) { a.text = change(encode(nil, a.body)) }})
	}
	instead := func(body string) func(string) string { return func(string) string { return body } }
	text("cut off", http.StatusBadRequest, func(b string) string { return b[:len(b)-1] })
	text("cut off in the middle", http.StatusBadRequest, func(b string) string { return b[:(len(b)+1)/2] })
	text("a comma too many", http.StatusBadRequest, func(b string) string { return b[:len(b)-1] + ",}" })
	text("a comment", http.StatusBadRequest, func(b string) string { return "/* */" + b })
	text("two byte order marks", http.StatusBadRequest, func(b string) string { return "\ufeff\ufeff" + b })
	text("single quotes", http.StatusBadRequest, instead(`{'a':1}`))
	text("NaN", http.StatusBadRequest, instead(`{"a":NaN}`))
	text("a form", http.StatusBadRequest, instead("a=1&b=2"))
	text("blanks", http.StatusBadRequest, instead(" \n"))
	text("UTF-16", http.StatusBadRequest, func(b string) string { return "\xff\xfe" + strings.Join(strings.Split(b, ""), "\x00") + "\x00" })
	text("two values", http.StatusUnprocessableEntity, func(b string) string { return b + " {}" })
	text("a brace too many", http.StatusUnprocessableEntity, func(b string) string { return b + "}" })
	text("deep arrays", http.StatusUnprocessableEntity, instead(strings.Repeat("[", 10_000)))
	text("deep objects", http.StatusUnprocessableEntity, instead(strings.Repeat(`{"a":`, 10_000)))
	for _, value := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=iso-8859-1", "application/problem+json", "json", "\xff"} {
		list = append(list, header("Content-Type", value, http.StatusUnsupportedMediaType))
	}
	list = append(list, header("Content-Encoding", "gzip", http.StatusUnsupportedMediaType),
		fault{"body: too large", http.StatusRequestEntityTooLarge, "", func(_ *generator, _ *world, a *attempt) {
			a.padding = middleware.MaxBody + 1 - len(encode(nil, a.body))
		}})
	if op.Spec.RequestBody.Value.Required {
		list = append(list, fault{"body: none", http.StatusBadRequest, "", func(_ *generator, _ *world, a *attempt) { a.hasBody, a.text = false, "" }})
	}
	return list
}
