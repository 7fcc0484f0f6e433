package main

import "net/http"

const companiesPath = "/api/v1/org/companies"

// work is a kind of request that both servers handle.
type work struct {
	name, title string
	requests    func(w world, tokens []string) []request
}

var works = []work{
	{"get", "get one company", func(w world, tokens []string) []request {
		var list []request
		for i, id := range w.companies {
			list = append(list, request{method: http.MethodGet, path: companiesPath + "/" + id.String(), token: tokens[i%len(tokens)]})
		}
		return list
	}},
	{"list", "list 20", func(_ world, tokens []string) []request {
		var list []request
		for _, token := range tokens {
			list = append(list, request{method: http.MethodGet, path: companiesPath + "?limit=20", token: token})
		}
		return list
	}},
	{"create", "create with audit", func(_ world, tokens []string) []request {
		var list []request
		for _, token := range tokens {
			list = append(list, request{method: http.MethodPost, path: companiesPath, token: token, body: companyBody})
		}
		return list
	}},
}
