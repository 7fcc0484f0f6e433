package audit

import (
	"reflect"
	"strings"
)

// Changes maps the API names of the fields that an action changed.
type Changes map[string]Change

// Change is the value of a field before and after an action. Before is nil if the row was created,
// After if it was deleted.
type Change struct {
	Before any `json:"before"`
	After  any `json:"after"`
}

// hidden are columns without information for a reader: they are constant, counted or derived.
var hidden = map[string]bool{
	"tenant_id": true, "id": true, "account_id": true, "version": true, "lock_count": true, "created_at": true, "updated_at": true, "name_key": true, "search_text": true,
}

// secret has substrings of column names. A column with one of them is never in the trail.
var secret = []string{"password", "hash", "token", "secret", "refresh_id"}

// Created returns the fields of a new row as changes.
func Created(row any) Changes { return diff(reflect.Value{}, reflect.ValueOf(row)) }

// Deleted returns the fields of a deleted row as changes.
func Deleted(row any) Changes { return diff(reflect.ValueOf(row), reflect.Value{}) }

// Updated returns the fields in which two rows differ. Hidden and secret columns are ignored.
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

// field returns the value of a row's field, and nil for null and for a missing row. Pointers of
// nullable columns are dereferenced.
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
		return 0.0 // engines write -0 differently
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
