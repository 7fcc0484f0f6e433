// Package netfault describes connection errors without addresses and names. These come from URLs,
// and a password with special characters may be parsed as any part of its URL.
package netfault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// Describer describes an error without quoting parts of a URL. It returns "" for errors that it
// doesn't know.
type Describer func(err error) string

// Hide returns an error that wraps err and whose text is a description without parts of the URL. An
// error that no describer knows is named by its type. Hide(nil) is nil.
func Hide(err error, describers ...Describer) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*hidden); ok { //nolint:errorlint // hidden already, as a whole
		return err
	}
	var faults []string
	collect(err, describers, func(fault string) {
		if !slices.Contains(faults, fault) {
			faults = append(faults, fault)
		}
	})
	return &hidden{strings.Join(faults, "; "), err}
}

type hidden struct {
	text  string
	cause error
}

func (h *hidden) Error() string { return h.text }
func (h *hidden) Unwrap() error { return h.cause }

// Timeout implements net.Error.
func (h *hidden) Timeout() bool {
	e, ok := errors.AsType[net.Error](h.cause)
	return ok && e.Timeout()
}

// collect describes each error at the end of a chain. There may be several, for example one per
// host.
func collect(err error, describers []Describer, add func(string)) {
	for _, describe := range append(describers, describeCommon) {
		if fault := describe(err); fault != "" {
			add(fault)
			return
		}
	}
	switch wrapping := err.(type) { //nolint:errorlint // each error of the chain in turn
	case interface{ Unwrap() error }:
		if next := wrapping.Unwrap(); next != nil {
			collect(next, describers, add)
			return
		}
	case interface{ Unwrap() []error }:
		if all := wrapping.Unwrap(); len(all) > 0 {
			for _, next := range all {
				collect(next, describers, add)
			}
			return
		}
	}
	if text := err.Error(); harmless.MatchString(text) {
		add(text)
		return
	}
	add(fmt.Sprintf("an error of type %T", err))
}

// harmless matches text that is fixed in a program. Quoted values have digits, slashes, quotation
// marks or an equals sign in or around them.
var harmless = regexp.MustCompile(`^[A-Za-z][A-Za-z ,.'():-]*$`)

// WithoutAddress removes the two addresses from a connection error. It keeps the error's type.
func WithoutAddress(err error) error {
	e, ok := err.(*net.OpError) //nolint:errorlint // what net returns
	if !ok {
		return err
	}
	inner := e.Err
	if dns, ok := inner.(*net.DNSError); ok { //nolint:errorlint // likewise
		anonymous := *dns
		anonymous.Name, anonymous.Server = "of the host", ""
		inner = &anonymous
	}
	return &net.OpError{Op: e.Op, Net: e.Net, Err: inner}
}

// describeCommon describes errors of the standard library.
func describeCommon(err error) string {
	switch e := err.(type) { //nolint:errorlint // each error of the chain in turn
	case *hidden:
		return e.text
	case *net.DNSError:
		switch {
		case e.IsNotFound:
			return "no host of this name is known"
		case e.IsTimeout:
			return "the host's name can't be looked up: no answer in time"
		}
		return "the host's name can't be looked up"
	case *net.AddrError, *net.ParseError, net.InvalidAddrError, net.UnknownNetworkError:
		return "the address can't be used"
	case *os.SyscallError:
		return e.Error()
	case syscall.Errno:
		return e.Error()
	case *fs.PathError:
		return e.Err.Error()
	case x509.HostnameError, *x509.HostnameError:
		return "the server's certificate is for another host name"
	case x509.UnknownAuthorityError, *x509.UnknownAuthorityError:
		return "the server's certificate is signed by an authority that isn't known here"
	case x509.CertificateInvalidError, *x509.CertificateInvalidError:
		return "the server's certificate is not valid, or not any more"
	case tls.RecordHeaderError:
		return "the server doesn't speak TLS"
	case tls.AlertError:
		return e.Error()
	}
	switch err { //nolint:errorlint // each error of the chain in turn
	case context.DeadlineExceeded, os.ErrDeadlineExceeded:
		return "no answer in time"
	case io.EOF, io.ErrUnexpectedEOF, net.ErrClosed:
		return "the connection was closed"
	}
	return ""
}
