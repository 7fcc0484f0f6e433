package errs

import (
	"cmp"
	"slices"
)

// Explanation explains a code to people. Its texts are plain text, except for code in backquotes.
type Explanation struct {
	Meaning string // what the code says
	When    string // when it happens
	Remedy  string // what to do
}

// Explanation returns the explanation of the code, or an empty one if the code isn't in the
// catalogue.
func (c Code) Explanation() Explanation { return explanations[c] }

// IsKnown reports whether the code is in the catalogue.
func (c Code) IsKnown() bool {
	_, ok := catalogue[c]
	return ok
}

// Sorted returns every code of the catalogue, sorted by status and then by name.
func Sorted() []Code {
	codes := Codes()
	slices.SortFunc(codes, func(a, b Code) int { return cmp.Or(a.Status()-b.Status(), cmp.Compare(a, b)) })
	return codes
}

var explanations = map[Code]Explanation{
	MalformedRequest: {
		"The server can't parse the request.",
		"The request line or a header breaks the rules of HTTP, or the connection ended in the middle of the body.",
		"Check what your HTTP library, or a proxy in between, sends. `Content-Length` must be the length of the body in bytes.",
	},
	MalformedJSON: {
		"The body isn't JSON, so its content was not checked.",
		"A comma or bracket is missing, a key is given twice, more data follows the end, the text isn't UTF-8, or the body is empty.",
		"Create the body with a JSON library, not by joining strings. `detail` names the error and its position.",
	},
	UnknownReference: {
		"A field refers to something that doesn't exist.",
		"An id in the body, such as `company_id` or `parent_id`, doesn't exist, belongs to another tenant, or doesn't fit, such as a branch of another company.",
		"`errors` names the fields. Choose an id from the list of the rows that the field can refer to.",
	},
	InvalidOneTimeToken: {
		"The link or its one-time token is invalid or has expired.",
		"It was used already, is older than 72 hours, was replaced by a newer one, was cut off in transit, or belongs to someone who may not log in. The reply is the same in each case.",
		"Use the newest link. If that fails, ask an administrator of your organisation for another one.",
	},
	Unauthenticated: {
		"The operation requires a log-in, and the request has no access token.",
		"There is no `Authorization` header, or it doesn't have the form `Bearer <token>`.",
		"Log in with `POST /api/v1/auth/login`, and send the token with each request: `Authorization: Bearer <access_token>`.",
	},
	InvalidToken: {
		"The token isn't valid.",
		"It was cut off or changed, or another installation created it, or its key is no longer used, or it is a refresh token in place of an access token, or the other way round.",
		"Send `access_token` with requests, and `refresh_token` only to `POST /api/v1/auth/refresh`. If you do that already, log in again.",
	},
	TokenExpired: {
		"The token has expired.",
		"By default access tokens are valid for 30 minutes, and refresh tokens for 7 days.",
		"Get a new pair with `POST /api/v1/auth/refresh`, and repeat the request. If the refresh token has expired, too, log in again.",
	},
	SessionEnded: {
		"The session of the token has ended.",
		"The user has logged out, changed the password elsewhere, was deactivated or deleted, or an administrator ended the session. That takes effect at once, even if the token has not expired.",
		"Log in again.",
	},
	InvalidCredentials: {
		"The log-in was refused.",
		"The e-mail address or the password is wrong, or the user is inactive. The reply is the same in each case, so that nobody can find out who has an account.",
		"Type both again. If you have lost the password, an administrator of your organisation can create a one-time link.",
	},
	RefreshReused: {
		"A refresh token was used a second time, so the session was ended.",
		"A refresh token works once. A token that is used again may have been stolen, and the server can't tell which of the two clients is the thief. (A client may send the previous token again for 10 seconds. With the user agent and from the network of the last refresh, it may do so while an access token is valid.)",
		"Log in again. In a program, store the newest refresh token in one place, and refresh once for all waiting requests. If you didn't use the token twice, change the password.",
	},
	Forbidden: {
		"You are logged in, but you don't have permission for this.",
		"The operation needs a higher role, which `x-required-role` in the document names. Or it changes a superuser, and only superusers may do that.",
		"Ask an administrator of your organisation to do it, or to give you the role. `permissions` of `GET /api/v1/auth/me` lists the operations that you may use.",
	},
	TenantSuspended: {
		"Your organisation's access is suspended.",
		"The operator of this service has suspended the tenant. Nothing was deleted.",
		"Ask the operator of this service. Access works again as soon as the tenant is resumed.",
	},
	NotFound: {
		"The resource or the path doesn't exist, or you can't access it.",
		"The path is wrong, the resource was deleted, or it belongs to another tenant. The reply is the same in each case.",
		"Check the address and the id. A superuser names the tenant with `?tenant_id=`.",
	},
	MethodNotAllowed: {
		"The path exists, but not with this method.",
		"For example, the request uses `PATCH` instead of `PUT`, or `POST` for a single resource.",
		"Use a method that the header `Allow` lists.",
	},
	NotAcceptable: {
		"The request accepts no type that the reply can have.",
		"`Accept` names only types that this operation doesn't have.",
		"Send `Accept: application/json` or no `Accept` at all. `detail` lists the types of the operation.",
	},
	AlreadyExists: {
		"Another row has this value, which must be unique.",
		"The `code` of a company is unique in its tenant, that of a branch or department in its company. An e-mail address is unique in the whole installation.",
		"`errors` names the field. Choose another value, or change the existing row.",
	},
	Cycle: {
		"The department would be below itself.",
		"The new `parent_id` is the department itself, or one below it.",
		"Choose another parent, or move the new parent first.",
	},
	TooDeep: {
		"Departments would be nested too deeply.",
		"Departments may nest at most 100 levels deep, so that programs can read the organisation as nested JSON. The levels below a moved department count, too.",
		"Choose a parent that is higher up, or move some of the departments below first.",
	},
	LastAdmin: {
		"The last administrator can't be removed.",
		"The last active admin of a tenant who can log in can't be deleted, demoted or deactivated, and neither can the last active superuser. An invited user without a password can't log in.",
		"First make another user an admin. That user must have chosen a password.",
	},
	QuotaExceeded: {
		"The tenant has reached its limit.",
		"`max_users` or `max_companies` of the tenant is reached.",
		"Delete users or companies that you don't need, or ask the operator of this service to raise the limit. `GET /api/v1/tenant/usage` has the numbers and the limits.",
	},
	NotManaged: {
		"Only the person may change the password and e-mail address of this account.",
		"The person works for another organisation, too. An admin of one organisation could otherwise enter the other one.",
		"Ask the person to change the password or address. Role, assignment, state and sessions in your organisation can be changed as before.",
	},
	UserInactive: {
		"This can't be done while the user is inactive.",
		"The request asks for a one-time token for a user who may not log in.",
		"Activate the user first, with `POST /api/v1/users/{id}/activate`.",
	},
	PlatformTenant: {
		"The platform itself can't be suspended or deleted.",
		"The request names the platform's own tenant, which has the superusers.",
		"Check the id. To make the whole installation unavailable for a while, stop the server.",
	},
	NotSuspended: {
		"Only a suspended tenant can be deleted.",
		"The tenant is active. This prevents the accidental deletion of a tenant that is in use.",
		"Suspend it first, with `POST /api/v1/tenants/{id}/suspend`.",
	},
	TenantRequired: {
		"A superuser who creates something must name the tenant.",
		"The request has no `tenant_id`, so the new row would belong to the platform's own tenant.",
		"Repeat the request with `?tenant_id=` and the id of the tenant. `GET /api/v1/tenants` lists the tenants. Name the platform's own tenant if you mean that one.",
	},
	TenantDeleting: {
		"The tenant is being deleted, and some of its rows are gone already.",
		"A deletion has begun and is not complete. It can't be undone.",
		"Delete the tenant again. That continues the deletion.",
	},
	StaleVersion: {
		"The resource has changed since you read it, so nothing was changed.",
		"`If-Match` names an older version, because someone has changed the resource since; or `If-None-Match` names the current version.",
		"Read it again, check what has changed, and send your change with the new `ETag`.",
	},
	BodyTooLarge: {
		"The body is too large.",
		"A request's body may have at most 1 MiB.",
		"Send less data at a time.",
	},
	UnsupportedMediaType: {
		"The type of the body isn't supported.",
		"`Content-Type` isn't `application/json` in UTF-8, or the body is compressed.",
		"Send `Content-Type: application/json` and an uncompressed body.",
	},
	ValidationFailed: {
		"The request is well-formed, but some values in it aren't valid.",
		"A field or parameter is missing, unknown, of another type, too long, out of range or breaks a rule.",
		"`errors` lists at most 50 wrong fields, and `more_errors` counts the others. `pointer` is the place in the body (RFC 6901), `parameter` is the name of a parameter, and `detail` says which values are valid.",
	},
	InvalidCursor: {
		"The cursor doesn't belong to this list.",
		"It was cut off or changed, or the request has other filters, another `sort` or another tenant than the request that returned it.",
		"Send `next_cursor` unchanged, with the same parameters. Or leave it out to start at the first page.",
	},
	TooLarge: {
		"The result is too large for one reply.",
		"The requested tree has more entries than one reply may contain.",
		"Request a part, such as the tree of one company, or read the lists page by page.",
	},
	HeadersTooLarge: {
		"The URL and the headers are too large.",
		"The limit is 64 KiB. Common reasons are large cookies and very long queries.",
		"Send fewer or shorter headers. The API needs no cookies.",
	},
	TooManyAttempts: {
		"There were too many wrong passwords or tokens, so the next attempt has to wait.",
		"Failed attempts are counted per account and per address. The right password has to wait, too, but no account is locked.",
		"Wait for the seconds in `Retry-After`. If you didn't make these attempts, tell the operator of the service: someone may be guessing your password.",
	},
	RateLimited: {
		"There were too many requests, so the next one has to wait.",
		"By default, a user may send 60 requests a minute, and so may an address without a token. Log-ins, refreshes and changes of a password are counted separately.",
		"Wait for the seconds in `Retry-After`. `RateLimit` in each reply has the number of remaining requests: slow down before it is 0.",
	},
	Internal: {
		"Something went wrong on our side.",
		"This is a fault of the program or its environment, not of your request.",
		"Tell the operator of the service the `request_id`. The log has the cause.",
	},
	Unavailable: {
		"A service that the server needs doesn't respond at the moment.",
		"The database is down or fails over to another server, or too many requests are changing the same rows.",
		"Try again after the seconds in `Retry-After`. If `detail` says that the outcome of a change is unknown, check the current state before you repeat it.",
	},
	Timeout: {
		"The request took too long and was stopped.",
		"The server is busy, or the request needs much work.",
		"Try again a little later, with a smaller request if you can. Check the current state before you repeat a change.",
	},
	Busy: {
		"Too many requests of this kind are running.",
		"Too many people are logging in, or your organisation has more requests running at the same time than its share of the server allows. " +
			"Some requests wait for a few seconds; the others are refused, so that requests of other organisations continue.",
		"Try again after the seconds in `Retry-After`, and send fewer requests at the same time.",
	},
	SchemaMismatch: {
		"The server can't work with the current schema of its database.",
		"The schema was upgraded to a version that this server doesn't support, or was reverted to an earlier one. This ends as soon as the servers are replaced, too.",
		"Try again after the seconds in `Retry-After`. If it lasts, tell the operator of the server: `tenantry doctor` says what is missing.",
	},
}
