package openapi_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/openapi"
)

// Every body that the document knows is encoded as encoding/json does it, whatever is in it.
func TestBodiesAreWhatTheStandardLibraryWrites(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	bodies := map[reflect.Type]bool{}
	for method := range reflect.TypeFor[*api.ClientWithResponses]().Methods() {
		for field := range method.Type.Out(0).Elem().Fields() {
			if strings.HasPrefix(field.Name, "JSON") || strings.HasPrefix(field.Name, "ApplicationProblem") {
				bodies[field.Type.Elem()] = true
			}
		}
	}
	if len(bodies) < 20 {
		t.Fatalf("only %d bodies were found", len(bodies))
	}
	for body := range bodies {
		for range 200 {
			v := reflect.New(body)
			fill(v.Elem(), random, 0)
			var want bytes.Buffer
			wantErr := json.NewEncoder(&want).Encode(v.Elem().Interface())
			reply := httptest.NewRecorder()
			got, err := openapi.Encode(v.Elem().Interface())
			if (err != nil) != (wantErr != nil) {
				t.Fatalf("%s: error %v, and encoding/json has %v", body, err, wantErr)
			}
			if err != nil {
				continue
			}
			if err := got.Reply(reply, 200); err != nil {
				t.Fatal(err)
			}
			if reply.Body.String() != want.String() {
				t.Fatalf("%s:\n%s\nencoding/json has\n%s", body, reply.Body, &want)
			}
			if length := reply.Header().Get("Content-Length"); length != strconv.Itoa(want.Len()) {
				t.Fatalf("%s: Content-Length is %q, of %d bytes", body, length, want.Len())
			}
		}
	}
}

var texts = []string{
	"", "a", "Müller & Söhne <b>", "\"quoted\" \\ /", "line\nbreak\ttab\r", "\x00\x1f\x7f", "\u2028\u2029", "日本語 🎉", "not UTF-8: \xff\xc3",
	strings.Repeat("long ", 2000),
}

// fill gives v a random value.
func fill(v reflect.Value, random *rand.Rand, depth int) {
	switch v.Interface().(type) {
	case openapi.Time:
		v.Set(reflect.ValueOf(openapi.Time{Time: time.UnixMicro(random.Int64N(1 << 52)).UTC()}))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(` {"b": [1, "<&>", null], "a": 1.50}`)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if random.IntN(3) > 0 && depth < 8 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), random, depth+1)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				fill(field, random, depth+1)
			}
		}
	case reflect.Slice:
		if random.IntN(4) == 0 || depth > 8 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), random.IntN(4), 4))
		for i := range v.Len() {
			fill(v.Index(i), random, depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), random, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range random.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, random, depth+1)
			fill(value, random, depth+1)
			v.SetMapIndex(key, value)
		}
	case reflect.Interface:
		if v.NumMethod() == 0 {
			values := []any{nil, true, 1.5, "<x>", map[string]any{"z": 1, "a": []any{"&", nil}}}
			if chosen := values[random.IntN(len(values))]; chosen != nil {
				v.Set(reflect.ValueOf(chosen))
			}
		}
	case reflect.String:
		v.SetString(texts[random.IntN(len(texts))])
	case reflect.Bool:
		v.SetBool(random.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(random.Int64() >> random.IntN(64))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(random.Uint64() >> random.IntN(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(random.NormFloat64() * 1e6)
	default:
		panic("no random value for " + v.Type().String())
	}
}
