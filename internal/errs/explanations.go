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
		"Look at what your HTTP library or a proxy on the way sends. A body's `Content-Length` has to be its length in bytes.",
	},
	MalformedJSON: {
		"The body isn't JSON, so its content was not checked.",
		"A comma or bracket is missing, a key is given twice, something follows the end, the text isn't UTF-8, or the body is empty.",
		"Make the body with a JSON library, not by joining strings. `detail` says what is wrong and where.",
	},
	UnknownReference: {
		"A field refers to something that doesn't exist.",
		"An id in the body, such as `company_id` or `parent_id`, doesn't exist, belongs to another tenant, or doesn't fit, such as a branch of another company.",
		"`errors` names the fields. Read the list of what they may refer to, and choose an id from it.",
	},
	InvalidOneTimeToken: {
		"The link or its one-time token is invalid or has expired.",
		"It was used already, is older than 72 hours, was replaced by a newer one, was cut off on the way, or belongs to someone who may not log in. Which of these is not said.",
		"Take the newest link. If that fails, ask an administrator of your organisation for another one.",
	},
	Unauthenticated: {
		"The operation requires a log-in, and the request has no access token.",
		"There is no `Authorization` header, or it isn't `Bearer` and a token.",
		"Log in with `POST /api/v1/auth/login`, and send the token with each request: `Authorization: Bearer <access_token>`.",
	},
	InvalidToken: {
		"The token isn't valid.",
		"It was cut off or changed, was made by another installation or with a key that is no longer used, or is a refresh token where an access token belongs, or the other way round.",
		"Send `access_token` with requests and `refresh_token` only to `POST /api/v1/auth/refresh`. If they are right, log in again.",
	},
	TokenExpired: {
		"The token has expired.",
		"By default access tokens are valid for 30 minutes, and refresh tokens for 7 days.",
		"Get a new pair with `POST /api/v1/auth/refresh`, and repeat the request. If the refresh token has expired, too, log in again.",
	},
	SessionEnded: {
		"The session of the token has ended.",
		"The person has logged out, changed the password elsewhere, was deactivated or deleted, or an administrator ended the session. That takes effect at once, even if the token has not expired.",
		"Log in again.",
	},
	InvalidCredentials: {
		"The log-in was refused.",
		"The e-mail address or the password is wrong, or the user is inactive. Which of these is not said, so that nobody can find out who has an account.",
		"Type both again. If you have lost the password, an administrator of your organisation can make a one-time link.",
	},
	RefreshReused: {
		"A refresh token was used a second time, so the session was ended.",
		"A refresh token works once. One that comes again may have been stolen, and it can't be told who of the two is the thief. (A client may send the token before the newest again for 10 seconds, and with the user agent and from the network of the log-in for as long as an access token is good.)",
		"Log in again. In a program, keep the newest refresh token in one place, and refresh once for all requests that wait. If nothing of yours used it twice, change the password.",
	},
	Forbidden: {
		"You are logged in, but you don't have permission for this.",
		"The operation needs a higher role: `x-required-role` in the document names it. Or it is about a superuser, whom only superusers may administer.",
		"Ask an administrator of your organisation to do it, or for the role. `permissions` of `GET /api/v1/auth/me` lists what you may do.",
	},
	TenantSuspended: {
		"Nobody of your organisation may work here for the time being.",
		"Those who run the service have suspended the tenant. Nothing is deleted.",
		"Ask whoever runs this service. It works again as soon as the tenant is resumed.",
	},
	NotFound: {
		"The resource or the path doesn't exist, or you can't access it.",
		"The path is wrong, the resource was deleted, or it belongs to another tenant. The reply is the same in each case.",
		"Check the address and the id. A superuser names the tenant with `?tenant_id=`.",
	},
	MethodNotAllowed: {
		"The path exists, but not with this method.",
		"Such as `PATCH` where only `PUT` is known, or `POST` to a single resource.",
		"The header `Allow` lists the methods that the path knows.",
	},
	NotAcceptable: {
		"The reply would have a type that the request excludes.",
		"`Accept` names only types that this operation doesn't have.",
		"Send `Accept: application/json` or no `Accept` at all. `detail` lists the types of the operation.",
	},
	AlreadyExists: {
		"A value that has to be unique is taken.",
		"The `code` of a company is unique in its tenant, that of a branch or department in its company, an e-mail address in the whole installation.",
		"`errors` names the field. Choose another value, or change the one that exists.",
	},
	Cycle: {
		"The department would be below itself.",
		"The new `parent_id` is the department itself, or one below it.",
		"Choose another parent, or move the one in between first.",
	},
	TooDeep: {
		"Too many departments would be below each other.",
		"At most 100 departments may be below each other, so that programs can read the organisation as nested JSON. A department that moves takes along those below it, and they count.",
		"Choose a parent that is higher up, or move some of the departments below first.",
	},
	LastAdmin: {
		"The last administrator can't be removed.",
		"The last active admin of a tenant who can log in can't be deleted, demoted or deactivated, and neither can the last active superuser. Who was invited and has no password yet can't log in.",
		"Make someone else an admin first, who has chosen a password.",
	},
	QuotaExceeded: {
		"The tenant has reached its limit.",
		"`max_users` or `max_companies` of the tenant is reached.",
		"Delete what isn't needed, or ask whoever runs this service to raise the limit. `GET /api/v1/tenant/usage` tells both numbers.",
	},
	UserInactive: {
		"This can't be done while the user is inactive.",
		"A one-time token was asked for someone who may not log in.",
		"Activate the user first, with `POST /api/v1/users/{id}/activate`.",
	},
	PlatformTenant: {
		"The platform itself can't be suspended or deleted.",
		"The tenant that was named is the one in which superusers live.",
		"Check the id. If all of it shall be out of reach for a while, stop the server.",
	},
	NotSuspended: {
		"Only a suspended tenant can be deleted.",
		"The tenant is active. This prevents the accidental deletion of a tenant that is in use.",
		"Suspend it first, with `POST /api/v1/tenants/{id}/suspend`.",
	},
	TenantRequired: {
		"A superuser has to say in which tenant to create something.",
		"The request has no `tenant_id`, so what it creates would be in the platform's own tenant, where superusers live.",
		"Repeat the request with `?tenant_id=` and the id of the tenant. `GET /api/v1/tenants` lists them. Name the platform's own tenant if you mean it.",
	},
	TenantDeleting: {
		"The tenant is being deleted, and something of it is gone already.",
		"A deletion has begun and not come to its end. It can't be taken back.",
		"Delete the tenant again: that goes on where it stopped.",
	},
	StaleVersion: {
		"What you have read isn't the newest version any more, so nothing was changed.",
		"`If-Match` names a version, and someone has changed the resource since; or `If-None-Match` names the version that there is.",
		"Read it again, look at what has changed, and send your change with the new `ETag`.",
	},
	BodyTooLarge: {
		"The body is too large.",
		"A request's body may have at most 1 MiB.",
		"Send less at a time.",
	},
	UnsupportedMediaType: {
		"The type of the body isn't supported.",
		"`Content-Type` isn't `application/json` in UTF-8, or the body is compressed.",
		"Send `Content-Type: application/json` and the body as it is.",
	},
	ValidationFailed: {
		"The request is well-formed, but some values in it aren't valid.",
		"A field or parameter is missing, unknown, of another type, too long, out of range or breaks a rule.",
		"`errors` lists the places, at most 50, and `more_errors` counts the others: `pointer` is a place in the body (RFC 6901), `parameter` the name of a parameter, `detail` what is expected there.",
	},
	InvalidCursor: {
		"The cursor isn't one of this list.",
		"It was cut off or changed, or filters, `sort` or tenant are others than those of the page that it came from.",
		"Send `next_cursor` as it came, with the same parameters; or leave it out to start at the first page.",
	},
	TooLarge: {
		"The answer would be too large for one reply.",
		"The requested tree has more entries than one reply may contain.",
		"Ask for a part, such as the tree of one company, or read the lists page by page.",
	},
	HeadersTooLarge: {
		"The address and the headers are too large.",
		"Often a cookie that grew, or a very long query. The limit is 64 KiB.",
		"Send fewer or shorter ones. Cookies are not needed here at all.",
	},
	TooManyAttempts: {
		"There were too many wrong passwords or tokens, so the next try has to wait.",
		"They are counted for the account and for the address. The right password has to wait, too; nobody is locked out for good.",
		"Wait as long as `Retry-After` says, in seconds. If it wasn't you, tell those who run the service: someone may be guessing.",
	},
	RateLimited: {
		"There were too many requests, so the next one has to wait.",
		"A user may make 60 requests a minute, unless the installation says otherwise, and so may an address without a token; log-ins, refreshes and changes of one's password are counted on their own.",
		"Wait as long as `Retry-After` says, in seconds. `RateLimit` in each reply tells what is left: slow down before it is nothing.",
	},
	Internal: {
		"Something went wrong on our side.",
		"This is a fault of the program or of what it runs on, and not of your request.",
		"Tell those who run the service the `request_id`: with it they find the reason in the log.",
	},
	Unavailable: {
		"A service that the server needs doesn't answer at the moment.",
		"The database is away or changes over to another server, or too many are changing the same thing.",
		"Try again after the seconds that `Retry-After` says. If `detail` says that it isn't known whether a change was made, look before you repeat it.",
	},
	Timeout: {
		"It took too long and was stopped.",
		"The server has a lot to do, or much was asked for at once.",
		"Try again a little later, and ask for less at a time if you can. Look before you repeat a change.",
	},
	Busy: {
		"Too many requests of this kind are running.",
		"Too many people are logging in, or your organisation has more requests running at the same time than its share of the server allows. " +
			"Some requests wait for a few seconds; the others are refused, so that other people's requests go on.",
		"Try again after the seconds that `Retry-After` says, and send fewer requests at the same time.",
	},
	SchemaMismatch: {
		"The server can't run with the present schema of its database.",
		"The database was upgraded beyond what this version of the server runs with, or was put back to an earlier version. It ends as soon as the servers are replaced, too.",
		"Try again after the seconds that `Retry-After` says. If it lasts, tell who runs the server: `tenantry doctor` says what is missing.",
	},
}
