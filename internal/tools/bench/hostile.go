package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
)

const (
	hostileConnections = 40
	quietConnections   = 2
)

// hostileWork is heavy work that a tenant requests as often as its connections allow.
type hostileWork struct {
	title string
	path  func(w world, number int) string
}

var hostileWorks = []hostileWork{
	{"searches with counts", func(_ world, number int) string {
		return companiesPath + "?count=true&q=versand%20" + strconv.Itoa(number)
	}},
	{"trees", func(world, int) string { return "/api/v1/org/tree" }},
	{"exports", func(world, int) string { return "/api/v1/audit/logs/export" }},
	{"verifications", func(world, int) string { return "/api/v1/audit/verify" }},
	{"deletions (dry runs)", func(w world, number int) string {
		return companiesPath + "/" + w.companies[number].String() + "?dry_run=true"
	}},
}

func (h hostileWork) requests(w world, tokens []string) []request {
	var list []request
	for number := range w.companies {
		r := request{method: http.MethodGet, path: h.path(w, number), token: tokens[number%len(tokens)]}
		if h.title == "deletions (dry runs)" {
			r.method = http.MethodDelete
		}
		list = append(list, r)
	}
	return list
}

// hostile measures short lists of a quiet tenant, alone and beside heavy work of another tenant.
func (b *bench) hostile(ctx context.Context, full *subject) error {
	dir, err := b.space.Dir("hostile")
	if err != nil {
		return err
	}
	quiet, err := newWrk(dir, quietConnections, 1)
	if err != nil {
		return err
	}
	attack, err := newWrk(dir, hostileConnections, 1)
	if err != nil {
		return err
	}
	attack.runs = 1000 // so that its files and texts differ from the quiet tenant's
	g, err := login(ctx, full.url, full.world.quiet.Email)
	if err != nil {
		return err
	}
	lists, err := quiet.write("lists", []request{{method: http.MethodGet, path: companiesPath + "?limit=5", token: g.AccessToken}})
	if err != nil {
		return err
	}
	if _, err := quiet.load(ctx, full.url, lists, warmUp); err != nil {
		return err
	}
	fmt.Print("\n| a quiet tenant's list of five beside another tenant's | p99 alone | p99 beside | ratio | throughput, ratio | of the other: served | refused |\n" +
		"|---|--:|--:|--:|--:|--:|--:|\n")
	for i, work := range hostileWorks {
		requests, err := attack.write("work"+strconv.Itoa(i), work.requests(full.world, full.tokens))
		if err != nil {
			return err
		}
		var alone, beside, p99, throughput, served, refused []float64
		for range b.rounds {
			idle, err := quiet.load(ctx, full.url, lists, b.duration)
			if err != nil {
				return err
			}
			under, other, err := besideLoad(ctx, b, quiet, attack, full.url, lists, requests)
			if err != nil {
				return fmt.Errorf("%s: %w", work.title, err)
			}
			alone, beside = append(alone, idle.P99.milliseconds()), append(beside, under.P99.milliseconds())
			p99 = append(p99, under.P99.milliseconds()/idle.P99.milliseconds())
			throughput = append(throughput, under.perSecond()/idle.perSecond())
			served, refused = append(served, float64(other.Served)/other.seconds()), append(refused, float64(other.Busy)/other.seconds())
		}
		fmt.Printf("| %s | %.1f ms | %.1f ms | **%.1f** | %.2f | %.0f/s | %.0f/s |\n", work.title, median(alone), median(beside), median(p99), median(throughput),
			median(served), median(refused))
	}
	return nil
}

// besideLoad measures a load while another load, which begins earlier and ends later, runs.
func besideLoad(
	ctx context.Context, b *bench, quiet, attack *wrk, url string, lists, requests *requestFile,
) (under, other loaded, err error) {
	attacked := make(chan error, 1)
	go func() {
		var err error
		other, err = attack.count(ctx, url, requests, b.duration+2*stormHead*second)
		attacked <- err
	}()
	if err := sleep(ctx, stormHead*second); err != nil {
		return under, other, err
	}
	under, err = quiet.load(ctx, url, lists, b.duration)
	if attackErr := <-attacked; err == nil {
		err = attackErr
	}
	if err == nil && (other.Other > 0 || other.BusyWithoutRetry > 0 || other.Served == 0) {
		err = fmt.Errorf("%d were served, %d got 503 without Retry-After, %d got another reply", other.Served, other.BusyWithoutRetry, other.Other)
	}
	return under, other, err
}
