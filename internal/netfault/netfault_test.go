package netfault_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tenantry/tenantry/internal/netfault"
)

const marker = "hunter2"

func TestHideQuotesNothing(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.UnixAddr{Name: marker}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for want, err := range map[string]error{
		"connect: connection refused":                    refused,
		"no host of this name is known":                  &url.Error{Op: "Get", URL: marker, Err: &net.DNSError{Name: marker, Err: "no such host", IsNotFound: true}},
		"certificate is for another host":                fmt.Errorf("tls: %w", x509.HostnameError{Host: marker, Certificate: &x509.Certificate{}}),
		"no answer in time":                              fmt.Errorf("%s: %w", marker, context.DeadlineExceeded),
		"the connection was closed":                      fmt.Errorf("%s: %w", marker, io.EOF),
		"no such file or directory":                      &os.PathError{Op: "open", Path: marker, Err: syscall.ENOENT},
		"an error of type *errors.errorString":           fmt.Errorf("invalid proxy address %q", marker),
		"server refused TLS connection":                  errors.New("server refused TLS connection"),
		"connect: connection refused; no answer in time": errors.Join(refused, refused, context.DeadlineExceeded),
		"own words": fmt.Errorf("%s: %w", marker, ownError{}),
	} {
		hidden := netfault.Hide(err, func(err error) string {
			if _, ok := err.(ownError); ok { //nolint:errorlint // each error of a chain in turn
				return "own words"
			}
			return ""
		})
		if !strings.Contains(hidden.Error(), want) || strings.Contains(hidden.Error(), marker) || !errors.Is(hidden, err) {
			t.Errorf("%v becomes %q, want %q and nothing of its own", err, hidden, want)
		}
	}
	if netfault.Hide(nil) != nil {
		t.Error("Hide(nil) isn't nil")
	}
}

func TestErrorsWithoutAddressKeepTheirType(t *testing.T) {
	t.Parallel()
	dns := &net.DNSError{Name: marker, Server: marker, Err: "no such host", IsNotFound: true}
	for _, err := range []error{
		&net.OpError{Op: "read", Net: "tcp", Source: &net.UnixAddr{Name: marker}, Addr: &net.UnixAddr{Name: marker}, Err: syscall.ECONNRESET},
		&net.OpError{Op: "dial", Net: "tcp", Err: dns},
	} {
		got := netfault.WithoutAddress(err)
		if _, ok := errors.AsType[net.Error](got); !ok || strings.Contains(got.Error(), marker) {
			t.Errorf("%v becomes %v", err, got)
		}
	}
	if err := netfault.WithoutAddress(io.EOF); err != io.EOF { //nolint:errorlint // the very same
		t.Errorf("io.EOF becomes %v", err)
	}
}

type ownError struct{}

func (ownError) Error() string { return marker }
