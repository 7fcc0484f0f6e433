package main

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
)

//go:embed lists.go.tmpl
var listsTemplate string

// listCode is the data of the template for a list.
type listCode struct {
	Name, Row string
	Filters   []field
	Orders    []orderCode
	Count     string
	CountOf   []field // the filters that the count uses
}

// orderCode is the data of the template for an order of a list.
type orderCode struct {
	Sort, First, Query string
	Key, After         field   // the key in the row and in the parameters
	Of                 []field // the filters that the query uses
}

// generateLists writes the Go code of the lists. A list selects all columns of its table, so that
// all its queries return the same struct.
func generateLists(s sources, methods []method, known structs, to string) error {
	rows := map[string]string{}
	for _, m := range methods {
		rows[m.Name] = m.Result
	}
	var lists []listCode
	of := map[string]*list{}
	for _, l := range s.lists() {
		code, err := l.code(rows, known)
		if err != nil {
			return l.nameErrorf("%w", err)
		}
		if other := of[code.Row]; other != nil {
			return l.nameErrorf("%s in %s:%d is a list of the same table", other.name, other.file, other.line)
		}
		of[code.Row] = l
		lists = append(lists, code)
	}
	return execute(listsTemplate, map[string]any{"Lists": lists, "Imports": known.importsOf(lists)}, to)
}

func (l *list) code(rows map[string]string, known structs) (listCode, error) {
	code := listCode{Name: l.name, Row: rows[l.orders[0].query]}
	parameters := l.parameters()
	for _, o := range l.orders {
		made := orderCode{Sort: o.sort, Query: o.query}
		lowest, highest, err := ends(o.key)
		if err != nil {
			return code, err
		}
		made.First = lowest
		if o.descending {
			made.First = highest
		}
		if made.Key, err = known.of(code.Row, o.key.Name); err != nil {
			return code, err
		}
		if made.After, err = known.of(o.query+"Params", "after_"+o.key.Name); err != nil {
			return code, err
		}
		made.Of = known.only(o.query+"Params", parameters)
		code.Orders = append(code.Orders, made)
	}
	if l.counts {
		code.Count = l.count()
		code.CountOf = known.only(code.Count+"Params", parameters)
	}
	for _, p := range parameters {
		for _, f := range slices.Concat(code.CountOf, code.Orders[0].Of) {
			if f.Column == p {
				code.Filters = append(code.Filters, f)
				break
			}
		}
	}
	return code, nil
}

// parameters returns the names of the parameters in a list's conditions, in their order and without
// duplicates.
func (l *list) parameters() []string {
	var names []string
	for _, m := range parameter.FindAllStringSubmatch(l.text, -1) {
		if !slices.Contains(names, m[2]) {
			names = append(names, m[2])
		}
	}
	return names
}

// only returns the fields of a struct that sqlc made from one of these parameters.
func (s structs) only(name string, parameters []string) []field {
	return slices.DeleteFunc(slices.Clone(s.fields[name]), func(f field) bool { return !slices.Contains(parameters, f.Column) })
}

// importsOf returns the import paths that the types of lists need.
func (s structs) importsOf(lists []listCode) []string {
	paths := map[string]bool{}
	add := func(f field) {
		if name, _, qualified := strings.Cut(strings.TrimLeft(f.Type, "*[]"), "."); qualified {
			paths[s.imports[name]] = true
		}
	}
	for _, l := range lists {
		for _, f := range l.Filters {
			add(f)
		}
		for _, o := range l.Orders {
			add(o.After)
		}
	}
	return slices.Sorted(maps.Keys(paths))
}
