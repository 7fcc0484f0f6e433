// Package clienttest has tests only. They build the TypeScript package of gen/typescript as it is
// published, and use it against the real server: from Node, from an empty project, and from tabs of
// a browser.
package clienttest
