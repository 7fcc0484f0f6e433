// Package clienttest has only tests. They build the TypeScript package of gen/typescript in its
// published form and use it against the real server: from Node, from an empty project, and from
// tabs of a browser.
package clienttest
