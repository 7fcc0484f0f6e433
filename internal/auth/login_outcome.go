package auth

import "github.com/tenantry/tenantry/internal/errs"

// LoginOutcome is how an attempt to log in ended.
type LoginOutcome string

// The outcomes.
const (
	LoginSuccess LoginOutcome = "success"
	LoginFailure LoginOutcome = "failure" // a wrong address or password, or an inactive user
	LoginDenied  LoginOutcome = "denied"  // the right password, of a suspended tenant
	LoginDelayed LoginOutcome = "delayed" // after too many wrong passwords
	LoginBusy    LoginOutcome = "busy"    // too many at once
	LoginError   LoginOutcome = "error"   // nobody knows, as when the database is down or the client has gone away
)

// LoginOutcomes are all of them.
var LoginOutcomes = []LoginOutcome{LoginSuccess, LoginFailure, LoginDenied, LoginDelayed, LoginBusy, LoginError}

func loginOutcome(err error) LoginOutcome {
	switch {
	case err == nil:
		return LoginSuccess
	case errs.Is(err, errs.InvalidCredentials):
		return LoginFailure
	case errs.Is(err, errs.TenantSuspended):
		return LoginDenied
	case errs.Is(err, errs.TooManyAttempts):
		return LoginDelayed
	case errs.Is(err, errs.Busy):
		return LoginBusy
	default:
		return LoginError
	}
}
