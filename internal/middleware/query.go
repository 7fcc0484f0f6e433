package middleware

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/tenantry/tenantry/internal/errs"
)

// readQuery returns errs.ValidationFailed if a query can't be read as a whole or has more than 10,000
// parameters. After it, everything may use echo.Context.QueryParams, which silently leaves such parameters out.
func readQuery(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if raw := c.Request().URL.RawQuery; raw != "" {
			if _, err := url.ParseQuery(raw); err != nil {
				return errs.Invalid(errs.Field{
					Parameter: "query", Detail: "What follows the question mark in the address is malformed or has too many parameters.", Code: "syntax",
				}).Because(err)
			}
		}
		return next(c)
	}
}
