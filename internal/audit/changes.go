package audit

import (
	"reflect"
	"strings"
)

// Changes has the fields that an action changed, by their name in the API.
type Changes map[string]Change

// Change is one field before and after. Before is nil for what was created, After for what was deleted.
type Change struct {
	Before any `json:"before"`
	After  any `json:"after"`
}

// hidden are columns that say nothing to a person: they are fixed, counted or derived.
var hidden = map[string]bool{
	"tenant_id": true, "id": true, "version": true, "lock_count": true, "created_at": true, "updated_at": true, "name_key": true, "search_text": true,
}

// secret parts of a column's name keep it out of the trail, whatever it holds.
var secret = []string{"password", "hash", "token", "secret", "refresh_id"}

// Created returns the fields of a new row.
func Created(row any) Changes { return diff(reflect.Value{}, reflect.ValueOf(row)) }

// Deleted returns the last state of a row.
func Deleted(row any) Changes { return diff(reflect.ValueOf(row), reflect.Value{}) }

// Updated returns the fields in which two rows of the same type differ; none if they are alike but for version and times.
func Updated[Row any](before, after Row) Changes {
	return diff(reflect.ValueOf(before), reflect.ValueOf(after))
}

func diff(before, after reflect.Value) Changes {
	shape := before
	if !before.IsValid() {
		shape = after
	}
	changes := Changes{}
	for i := range shape.NumField() {
		name := shape.Type().Field(i).Tag.Get("json")
		if !visible(name) {
			continue
		}
		c := Change{Before: field(before, i), After: field(after, i)}
		if !reflect.DeepEqual(c.Before, c.After) {
			changes[name] = c
		}
	}
	return changes
}

// field returns what a row's field holds, without the pointer of a nullable one; nil for null and for no row.
func field(row reflect.Value, i int) any {
	if !row.IsValid() {
		return nil
	}
	v := row.Field(i)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Float64 && v.Float() == 0 {
		return 0.0 // and not -0, which engines write differently
	}
	return v.Interface()
}

func visible(column string) bool {
	if column == "" || hidden[column] {
		return false
	}
	for _, part := range secret {
		if strings.Contains(column, part) {
			return false
		}
	}
	return true
}
