// Package proptest has only tests: a property-based tester of the document. For every operation it
// generates requests that the document allows and requests that it forbids, from the operation's
// schemas and without the program's validator, and sends them to the real application. It checks
// these properties:
//
//   - A reply is never 5xx. Its status, headers and body match the document.
//   - A forbidden request is refused with the status of its fault, and the reply names the place.
//   - An allowed request is refused only for reasons that schemas can't express; rules_test.go
//     lists them.
//   - Every operation succeeds at least once, and every field and parameter is part of a success.
//
// A forbidden request has exactly one fault, and otherwise few fields. All choices follow from a
// seed; failures are printed with the seed, the case and a curl command. Environment variables:
//
//	PROPTEST_SEED   the seed; the default is 1
//	PROPTEST_CASES  allowed requests per operation and engine; runs all forbidden ones, too
//	PROPTEST_ONLY   an operation (createCompany) or one case ("createCompany: /name: null")
package proptest
