package dburl

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func readMySQLTLS(d *mysqlDraft, value string) error {
	if strings.HasPrefix(value, "{") { // as PlanetScale shows it for Node.js
		var ssl struct{ RejectUnauthorized *bool }
		if json.Unmarshal([]byte(value), &ssl) != nil {
			return errors.New("must be true, false or the name of a mode")
		}
		d.mode = tlsFull
		if ssl.RejectUnauthorized != nil && !*ssl.RejectUnauthorized {
			d.mode = tlsNoVerify
		}
		return nil
	}
	mode, err := readTLSMode(value)
	// ssl_verify_cert and the like say more than ssl=true.
	if err == nil && (d.mode == "" || mode != tlsUnchecked) {
		d.mode = mode
	}
	return err
}

// readGoTLS reads the option of Go's driver, where true verifies the certificate.
func readGoTLS(d *mysqlDraft, value string) error {
	if strings.EqualFold(value, "true") || value == "1" {
		d.mode = tlsFull
		return nil
	}
	return readMySQLTLS(d, value)
}

func readPrismaTLS(d *mysqlDraft, value string) error {
	switch value {
	case "strict":
		d.mode = tlsFull
	case "accept_invalid_certs":
		d.mode = tlsNoVerify
	default:
		return errors.New("must be strict or accept_invalid_certs")
	}
	return nil
}

// ifTrue sets the mode of TLS for true and for false; an empty mode changes nothing.
func ifTrue(yes, no string) func(*mysqlDraft, string) error {
	return func(d *mysqlDraft, value string) error {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("must be true or false")
		}
		mode := no
		if on {
			mode = yes
		}
		if mode != "" && d.mode != tlsFull {
			d.mode = mode
		}
		return nil
	}
}

// encrypt sets up TLS. Without a mode, files of certificates mean that the server's certificate is verified, but not its name.
func (d *mysqlDraft) encrypt(server string) error {
	if (d.mode == "" || d.mode == tlsUnchecked) && d.ca != "" {
		d.mode = tlsChain
	}
	if d.mode == "" && d.cert != "" {
		d.mode = tlsUnchecked
	}
	if d.mode == "" || d.mode == tlsOff {
		return nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: server}
	if d.ca != "" {
		pool, err := certificatesIn(d.ca)
		if err != nil {
			return fmt.Errorf("has the option ssl_ca, which %w", err)
		}
		t.RootCAs = pool
	}
	if (d.cert == "") != (d.key == "") {
		return errors.New("has only one of the options ssl_cert and ssl_key; both or none are needed")
	}
	if d.cert != "" {
		pair, err := tls.LoadX509KeyPair(d.cert, d.key)
		if err != nil {
			return errors.New("has the options ssl_cert and ssl_key, which must name files with a certificate and its key in PEM")
		}
		t.Certificates = []tls.Certificate{pair}
	}
	switch d.mode {
	case tlsChain:
		t.InsecureSkipVerify = true // VerifyConnection verifies all but the name
		t.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, t.RootCAs) }
	case tlsFull:
	default:
		t.InsecureSkipVerify = true // as asked for
	}
	d.config.TLS = t
	d.config.AllowFallbackToPlaintext = d.mode == tlsPreferred || d.mode == "allow"
	return nil
}

// verifyChain verifies a certificate for whatever name it has.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(opts)
	return err
}

// certificatesIn reads a file of certificates in PEM. Its errors don't quote the name.
func certificatesIn(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, errors.New("must name a file that can be read")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, errors.New("must name a file with certificates in PEM")
	}
	return pool, nil
}
