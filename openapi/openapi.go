// Package openapi holds the document that the handlers, the clients and the
// rules of access are made from.
package openapi

import _ "embed"

// YAML is the complete document.
//
//go:embed openapi.yaml
var YAML []byte
