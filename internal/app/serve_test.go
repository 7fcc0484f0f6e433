package app

import (
	"net"
	"testing"
)

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"0.0.0.0:8000":      "http://localhost:8000",
		"[::]:8000":         "http://localhost:8000",
		"127.0.0.1:8000":    "http://localhost:8000",
		"[::1]:8000":        "http://[::1]:8000", // localhost may be 127.0.0.1 only
		"127.0.0.2:8000":    "http://127.0.0.2:8000",
		"192.0.2.7:80":      "http://192.0.2.7:80",
		"[2001:db8::7]:443": "http://[2001:db8::7]:443",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := baseURL(tcp); got != want {
			t.Errorf("the URL for %s is %s, want %s", address, got, want)
		}
	}
}
