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

// tlsLevel is the strictness of TLS, from none to a server whose name is verified.
type tlsLevel int

const (
	levelOff tlsLevel = iota
	levelPreferred
	levelEncrypted
	levelChain
	levelFull
)

// mysqlTLS combines the TLS options of a URL. Each option allows a range of levels.
type mysqlTLS struct {
	least, most     tlsLevel
	leastBy, mostBy string // the options that set least and most
	isGiven         bool   // whether an option asks for a level, or for none
}

// allow narrows the range of levels. It returns an error if no level is left.
func (d *mysqlDraft) allow(least, most tlsLevel) error {
	t := &d.tls
	if least > t.least {
		t.least, t.leastBy = least, d.option
	}
	if most < t.most {
		t.most, t.mostBy = most, d.option
	}
	if t.least > t.most {
		other := t.leastBy
		if other == d.option {
			other = t.mostBy
		}
		return fmt.Errorf("contradicts the option %s", other)
	}
	return nil
}

// require narrows the range like allow, and records that the URL says whether to use TLS.
func (d *mysqlDraft) require(least, most tlsLevel) error {
	d.tls.isGiven = true
	return d.allow(least, most)
}

func readMySQLTLS(d *mysqlDraft, value string) error {
	if strings.HasPrefix(value, "{") { // as PlanetScale shows it for Node.js
		var ssl struct{ RejectUnauthorized *bool }
		if json.Unmarshal([]byte(value), &ssl) != nil {
			return errors.New("must be true, false or the name of a mode")
		}
		if ssl.RejectUnauthorized != nil && !*ssl.RejectUnauthorized {
			return d.require(levelEncrypted, levelEncrypted)
		}
		return d.require(levelFull, levelFull)
	}
	mode, err := readTLSMode(value)
	if err != nil {
		return err
	}
	switch mode {
	case tlsOff:
		return d.require(levelOff, levelOff)
	case tlsNoVerify:
		return d.require(levelEncrypted, levelEncrypted)
	case tlsUnchecked: // ssl_verify_cert and the like say more
		return d.require(levelEncrypted, levelFull)
	case tlsChain:
		return d.require(levelChain, levelFull)
	case tlsFull:
		return d.require(levelFull, levelFull)
	default:
		return d.require(levelPreferred, levelPreferred)
	}
}

// readGoTLS reads the tls option of the Go driver, where true verifies the certificate.
func readGoTLS(d *mysqlDraft, value string) error {
	if strings.EqualFold(value, "true") || value == "1" {
		return d.require(levelFull, levelFull)
	}
	return readMySQLTLS(d, value)
}

func readPrismaTLS(d *mysqlDraft, value string) error {
	switch value {
	case "strict":
		return d.require(levelFull, levelFull)
	case "accept_invalid_certs":
		return d.require(levelEncrypted, levelEncrypted)
	}
	return errors.New("must be strict or accept_invalid_certs")
}

func readTLSDisabled(d *mysqlDraft, value string) error {
	off, err := readBool(value)
	switch {
	case err != nil:
		return err
	case off:
		return d.require(levelOff, levelOff)
	}
	return d.allow(levelPreferred, levelFull)
}

func readVerifyCertificate(d *mysqlDraft, value string) error {
	on, err := readBool(value)
	switch {
	case err != nil:
		return err
	case on:
		return d.require(levelChain, levelFull)
	}
	return d.allow(levelOff, levelEncrypted)
}

func readVerifyName(d *mysqlDraft, value string) error {
	on, err := readBool(value)
	switch {
	case err != nil:
		return err
	case on:
		return d.require(levelFull, levelFull)
	}
	return d.allow(levelOff, levelChain)
}

func readBool(value string) (bool, error) {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, errors.New("must be true or false")
	}
	return on, nil
}

func readRoots(d *mysqlDraft, value string) error {
	if d.ca != "" && d.ca != value {
		return errors.New("names another file than the option ssl_ca or sslrootcert before it")
	}
	d.ca = value
	return nil
}

// level returns the TLS level that the options ask for, or false if no option mentions TLS. With a
// file of root certificates the chain is verified, but not the server's name.
func (d *mysqlDraft) level() (tlsLevel, bool) {
	switch t := d.tls; {
	case d.ca != "" && t.most >= levelChain && (!t.isGiven || t.least == levelEncrypted):
		return levelChain, true
	case t.isGiven:
		return t.least, true
	case t.most == levelEncrypted || d.cert != "":
		return levelEncrypted, true
	}
	return levelOff, false
}

// encrypt adds the TLS settings to the driver's configuration.
func (d *mysqlDraft) encrypt() error {
	level, _ := d.level()
	if level == levelOff {
		return nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: d.server}
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
	t.InsecureSkipVerify = level < levelFull // as asked for
	if level == levelChain {                 // all is verified but the name
		t.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, t.RootCAs) }
	}
	d.config.TLS = t
	d.config.AllowFallbackToPlaintext = level == levelPreferred
	return nil
}

// verifyChain verifies a certificate chain, but not the name in the certificate.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	opts := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(opts)
	return err
}

// certificatesIn reads a PEM file of certificates. Its errors don't quote the file name.
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
