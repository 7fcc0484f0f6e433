// Package proptest has tests only: a property-based tester, driven by the document. For every
// operation it makes requests that the document allows and requests that it forbids, each from the
// operation's schemas alone and without the program's own validator, and sends them to the real
// application. What has to hold of each reply:
//
//   - It is none of 5xx, and one that the document has, with the headers and the body that the document says.
//   - A request that the document forbids is refused with the status of its fault, and the reply names the place.
//   - A request that the document allows is refused for reasons alone that the document's schemas can't express: rules_test.go lists
//     them.
//   - Every operation succeeds at least once, and every field and parameter is part of a success.
//
// A forbidden request has exactly one fault, and is small otherwise. All choices follow from a
// seed; what fails is printed with the seed, the case and a curl line. The environment sets:
//
//	PROPTEST_SEED   another seed than 1
//	PROPTEST_CASES  how many allowed requests an operation gets on each engine, and every forbidden one
//	PROPTEST_ONLY   an operation, like createCompany, or one case of it, like "createCompany: /name: null"
package proptest
