package errs

import "net/http"

// Code is the stable name of a kind of error. The document lists the same codes as ErrorCode.
type Code string

// The codes. A code never changes its meaning or its status; new ones may be added.
//
//nolint:gosec // "invalid_credentials" isn't one
const (
	MalformedRequest     Code = "malformed_request"      // not valid HTTP
	MalformedJSON        Code = "malformed_json"         // the body can't be read
	UnknownReference     Code = "unknown_reference"      // a field refers to something that doesn't exist, or belongs to another tenant
	InvalidOneTimeToken  Code = "invalid_one_time_token" // unknown, used, expired or of a user who can't log in; clients aren't told which
	Unauthenticated      Code = "unauthenticated"        // no token
	InvalidToken         Code = "invalid_token"          // not one of our tokens, or of the wrong type
	TokenExpired         Code = "token_expired"          // refresh, or log in again
	SessionEnded         Code = "session_ended"          // logged out, deactivated or deleted
	InvalidCredentials   Code = "invalid_credentials"    // log-in refused; clients aren't told why
	RefreshReused        Code = "refresh_reused"         // a used refresh token came again; the session has ended
	Forbidden            Code = "forbidden"              // the role is not enough
	TenantSuspended      Code = "tenant_suspended"       // the tenant is suspended
	NotFound             Code = "not_found"              // missing, or another tenant's
	MethodNotAllowed     Code = "method_not_allowed"     // the path has other methods
	NotAcceptable        Code = "not_acceptable"         // Accept allows none of our types
	AlreadyExists        Code = "already_exists"         // a unique value is taken
	Cycle                Code = "cycle"                  // it would be its own ancestor
	TooDeep              Code = "too_deep"               // too many departments would be below each other
	LastAdmin            Code = "last_admin"             // a tenant keeps at least one active admin, and the platform one superuser
	QuotaExceeded        Code = "quota_exceeded"         // the tenant has reached its limit
	NotManaged           Code = "not_managed"            // only the person may change the password and address of this account
	UserInactive         Code = "user_inactive"          // not possible while the user is inactive
	PlatformTenant       Code = "platform_tenant"        // the platform itself can't be suspended or deleted
	NotSuspended         Code = "not_suspended"          // a tenant must be suspended before it can be deleted
	TenantRequired       Code = "tenant_required"        // a superuser must name the tenant in which to create something
	TenantDeleting       Code = "tenant_deleting"        // the deletion of the tenant has begun
	StaleVersion         Code = "stale_version"          // If-Match names another version
	BodyTooLarge         Code = "body_too_large"         // over the limit
	UnsupportedMediaType Code = "unsupported_media_type" // not application/json in UTF-8
	ValidationFailed     Code = "validation_failed"      // the request violates the document or a rule
	InvalidCursor        Code = "invalid_cursor"         // not a cursor of this list
	TooLarge             Code = "too_large"              // the reply would be too large
	HeadersTooLarge      Code = "headers_too_large"      // over the limit
	TooManyAttempts      Code = "too_many_attempts"      // too many wrong passwords or tokens; the next try has to wait
	RateLimited          Code = "rate_limited"           // too many requests; the next one has to wait
	Internal             Code = "internal"               // a server error
	Unavailable          Code = "unavailable"            // a needed service is down
	Timeout              Code = "timeout"                // took too long, and was stopped
	Busy                 Code = "busy"                   // too many log-ins or requests of a tenant at once
	SchemaMismatch       Code = "schema_mismatch"        // the program can't run with the database's schema
)

type meaning struct {
	status int
	title  string
}

var catalogue = map[Code]meaning{
	MalformedRequest:     {http.StatusBadRequest, "Malformed request"},
	MalformedJSON:        {http.StatusBadRequest, "The body is not valid JSON"},
	UnknownReference:     {http.StatusBadRequest, "Unknown reference"},
	InvalidOneTimeToken:  {http.StatusBadRequest, "Invalid one-time token"},
	Unauthenticated:      {http.StatusUnauthorized, "Log-in required"},
	InvalidToken:         {http.StatusUnauthorized, "Invalid token"},
	TokenExpired:         {http.StatusUnauthorized, "The token has expired"},
	SessionEnded:         {http.StatusUnauthorized, "The session has ended"},
	InvalidCredentials:   {http.StatusUnauthorized, "Wrong e-mail address or password"},
	RefreshReused:        {http.StatusUnauthorized, "Refresh token used again"},
	Forbidden:            {http.StatusForbidden, "Not allowed"},
	TenantSuspended:      {http.StatusForbidden, "Tenant suspended"},
	NotFound:             {http.StatusNotFound, "Not found"},
	MethodNotAllowed:     {http.StatusMethodNotAllowed, "Method not allowed"},
	NotAcceptable:        {http.StatusNotAcceptable, "No acceptable reply"},
	AlreadyExists:        {http.StatusConflict, "Already exists"},
	Cycle:                {http.StatusConflict, "Below itself in the tree"},
	TooDeep:              {http.StatusConflict, "Too many levels"},
	LastAdmin:            {http.StatusConflict, "The last active admin"},
	QuotaExceeded:        {http.StatusConflict, "Quota exceeded"},
	NotManaged:           {http.StatusConflict, "Not managed by the tenant"},
	UserInactive:         {http.StatusConflict, "The user is inactive"},
	PlatformTenant:       {http.StatusConflict, "Not possible for the platform"},
	NotSuspended:         {http.StatusConflict, "The tenant is not suspended"},
	TenantRequired:       {http.StatusConflict, "Tenant required"},
	TenantDeleting:       {http.StatusConflict, "The tenant is being deleted"},
	StaleVersion:         {http.StatusPreconditionFailed, "Changed by someone else"},
	BodyTooLarge:         {http.StatusRequestEntityTooLarge, "Body too large"},
	UnsupportedMediaType: {http.StatusUnsupportedMediaType, "Unsupported media type"},
	ValidationFailed:     {http.StatusUnprocessableEntity, "The request is not valid"},
	InvalidCursor:        {http.StatusUnprocessableEntity, "Invalid cursor"},
	TooLarge:             {http.StatusUnprocessableEntity, "Too large for one reply"},
	HeadersTooLarge:      {http.StatusRequestHeaderFieldsTooLarge, "Headers too large"},
	TooManyAttempts:      {http.StatusTooManyRequests, "Too many attempts"},
	RateLimited:          {http.StatusTooManyRequests, "Too many requests"},
	Internal:             {http.StatusInternalServerError, "Internal error"},
	Unavailable:          {http.StatusServiceUnavailable, "Unavailable for the moment"},
	Timeout:              {http.StatusServiceUnavailable, "Took too long"},
	Busy:                 {http.StatusServiceUnavailable, "Too busy for the moment"},
	SchemaMismatch:       {http.StatusServiceUnavailable, "The database schema does not fit"},
}

// Status returns the HTTP status of the code. It is 500 for a code that isn't in the catalogue.
func (c Code) Status() int {
	if m, ok := catalogue[c]; ok {
		return m.status
	}
	return http.StatusInternalServerError
}

// Title returns a short description of the code.
func (c Code) Title() string { return catalogue[c].title }

// Codes returns every code of the catalogue, in no particular order.
func Codes() []Code {
	codes := make([]Code, 0, len(catalogue))
	for c := range catalogue {
		codes = append(codes, c)
	}
	return codes
}
