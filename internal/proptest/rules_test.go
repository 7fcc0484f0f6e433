package proptest

import (
	"time"

	"github.com/tenantry/tenantry/gen/api"
	"github.com/tenantry/tenantry/internal/access"
	"github.com/tenantry/tenantry/internal/errs"
)

// rule is a reason to refuse an allowed request that schemas can't express.
type rule struct {
	operation   string // empty: any operation with the place
	place, code string
	why         string
	or          string // another place on which it depends
}

// rules apply only to generated values. Values from known, such as a user's token, must not be
// refused.
var rules = []rule{
	{"", "cursor", "not_allowed", "a cursor is opaque: only one of the same list, filters and sort is one", ""},
	{"", "from", "maximum", "a time that begins after its end", "to"},
	{"", "action", "not_allowed", "an action that no entry of the trail can have", ""},
	{"", "entity_type", "not_allowed", "a type that no entry of the trail can have", ""},
	{"", "ip", "format", "an IP address has many notations", ""},
	{"", "request_id", "format", "no request has an id with other characters", ""},
	{"getAuditStats", "from", "minimum", "at most 366 days are counted", "to"},
	{"verifyAuditTrail", "checkpoint", "not_allowed", "a checkpoint is signed", ""},
	{"deleteTenant", "confirm_code", "wrong", "whoever deletes a tenant has to know its code", ""},
	{"changePassword", "/current_password", "wrong", "it is the password of the one who asks", ""},
	{"listUsers", "email", "format", "only an e-mail address finds someone; a format would break clients of the released document", ""},
	{"changePassword", "/new_password", "blank", "it shows nothing", ""},
	{"changePassword", "/new_password", "not_allowed", "control characters, which nobody can type everywhere", ""},
	{"resetPassword", "/new_password", "blank", "it shows nothing", ""},
	{"resetPassword", "/new_password", "not_allowed", "control characters, which nobody can type everywhere", ""},
	{"changePassword", "/new_password", "too_short", "counted as a person counts, who sees one letter where there may be several characters", ""},
	{"changePassword", "/new_password", "too_long", "counted in bytes, where maxLength counts characters", ""},
	{"changePassword", "/new_password", "common", "a list of passwords that are guessed first", ""},
	{"changePassword", "/new_password", "personal", "it has the e-mail address in it", ""},
	{"changePassword", "/new_password", "unchanged", "it is the one there was", ""},
	{"resetPassword", "/new_password", "too_short", "counted as a person counts, who sees one letter where there may be several characters", ""},
	{"resetPassword", "/new_password", "too_long", "counted in bytes, where maxLength counts characters", ""},
}

// credentials are the codes for generated credentials.
var credentials = map[string]api.ErrorCode{
	"login":         "invalid_credentials",
	"refresh":       "invalid_token",
	"resetPassword": "invalid_one_time_token",
}

// unreached are the fields and parameters that occur in no successful request, with the reason.
var unreached = map[string]string{
	"listUserSessions cursor": "the users of the world are invited and have no sessions",
}

// makers create things for which there is no POST to a collection.
var makers = map[string]func(*world, *caller) thing{
	"session":     (*world).session,
	"audit_entry": (*world).auditEntry,
}

// known returns values that schemas can't describe. They belong to the caller, or to the thing that
// the request is about.
var known = map[string]func(*world, *caller, thing) string{
	"login /email":                     func(_ *world, c *caller, _ thing) string { return c.actor.User.Email },
	"login /password":                  func(*world, *caller, thing) string { return password },
	"refresh /refresh_token":           func(_ *world, c *caller, _ thing) string { return c.actor.RefreshToken },
	"changePassword /current_password": func(*world, *caller, thing) string { return password },
	"changePassword /new_password":     func(*world, *caller, thing) string { return newPassword },
	"login /tenant":                    func(w *world, by *caller, _ thing) string { return w.homeOf(by).Code },
	"switchTenant /tenant_id":          func(w *world, by *caller, _ thing) string { return w.homeOf(by).ID.String() },
	"resetPassword /token":             func(w *world, _ *caller, _ thing) string { return w.oneTimeToken() },
	"resetPassword /new_password":      func(*world, *caller, thing) string { return newPassword },
	"deleteTenant confirm_code":        func(_ *world, _ *caller, about thing) string { return about.field("code") },
	"getErrorCode code":                func(*world, *caller, thing) string { return string(errs.NotFound) },
	"getAsset name":                    func(w *world, _ *caller, _ thing) string { return w.app.Stylesheet(w.t) },
	"listAuditLogs action":             func(*world, *caller, thing) string { return "company.*" },
	"listAuditLogs entity_type":        func(*world, *caller, thing) string { return "session" },
	"listAuditLogs ip":                 func(*world, *caller, thing) string { return "2001:DB8::0001" },
	"listAuditLogs request_id":         func(*world, *caller, thing) string { return "order-4711" },
	"exportAuditLogs request_id":       func(*world, *caller, thing) string { return "order-4711" },
	"exportAuditLogs action":           func(*world, *caller, thing) string { return "auth.login" },
	"exportAuditLogs entity_type":      func(*world, *caller, thing) string { return "company" },
	"exportAuditLogs ip":               func(*world, *caller, thing) string { return "::ffff:192.0.2.7" },
	"listUsers email":                  func(_ *world, c *caller, _ thing) string { return c.actor.User.Email },
	"getAuditStats from": func(w *world, _ *caller, _ thing) string {
		return w.app.Clock.Now().Add(-time.Hour).Format(time.RFC3339)
	},
	"verifyAuditTrail checkpoint": func(w *world, _ *caller, _ thing) string { return w.checkpoint() },
}

// roles are the roles that may call operations, the weakest first.
var roles = []access.Role{access.Viewer, access.User, access.Admin, access.Superuser}
