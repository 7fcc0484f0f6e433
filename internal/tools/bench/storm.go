package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tenantry/tenantry/gen/db"
)

const (
	stormConnections = 32
	stormHead        = 1 // seconds by which the log-ins begin before the reads and end after them
)

// stormed has the results of a server in all rounds.
type stormed struct {
	alone, beside []measured
	answers       replies // replies to log-ins
	seconds       float64
}

// storm measures reads of single rows, alone and beside as many valid log-ins as 32 connections can
// send. Servers take turns.
func (b *bench) storm(ctx context.Context, rounds int, subjects ...*subject) error {
	dir, err := b.space.Dir("storm")
	if err != nil {
		return err
	}
	logins, err := newWrk(dir, stormConnections, 1)
	if err != nil {
		return err
	}
	attempts, err := logins.write("log-ins", loginRequests(subjects[0].world.admins))
	if err != nil {
		return err
	}
	results := make([]stormed, len(subjects))
	for round := range rounds {
		for i, s := range subjects {
			if err := b.stormRound(ctx, s, logins, attempts, &results[i]); err != nil {
				return err
			}
			last := len(results[i].alone) - 1
			alone, beside := results[i].alone[last], results[i].beside[last]
			sayf("storm, round %d: %-12s %.0f/s alone, %.0f/s beside log-ins, p99 %.2f ms; so far %d log-ins, %d refused",
				round+1, s.label, alone.perSecond(), beside.perSecond(), beside.P99.milliseconds(), results[i].answers.Served, results[i].answers.Busy)
		}
	}
	for i, s := range subjects {
		r := results[i]
		fmt.Printf("\n%s:\n", s.label)
		printComparisons(os.Stdout, []comparison{{work: works[0], base: "alone", other: "beside log-ins", baseRuns: r.alone, otherRuns: r.beside}})
		fmt.Printf("\nLog-ins: %.1f/s were served, %.0f/s got 503, all of them with Retry-After.\n",
			float64(r.answers.Served)/r.seconds, float64(r.answers.Busy)/r.seconds)
	}
	return nil
}

// stormRound measures a server alone and beside log-ins, and adds the results to r.
func (b *bench) stormRound(ctx context.Context, s *subject, logins *wrk, attempts *requestFile, r *stormed) error {
	reads, err := b.wrk.write(works[0].name+" "+s.label, works[0].requests(s.world, s.tokens))
	if err != nil {
		return err
	}
	if len(r.alone) == 0 {
		if _, err := b.wrk.load(ctx, s.url, reads, warmUp); err != nil {
			return err
		}
	}
	alone, err := b.measure(ctx, s, reads)
	if err != nil {
		return err
	}
	var storm loaded
	done := make(chan error, 1)
	go func() {
		var err error
		storm, err = logins.count(ctx, s.url, attempts, b.duration+2*stormHead*second)
		done <- err
	}()
	if err := sleep(ctx, stormHead*second); err != nil {
		return err
	}
	stop := watchResident(s.pid, sampleEvery)
	under, err := b.wrk.load(ctx, s.url, reads, b.duration)
	resident, residentErr := stop()
	if err := errors.Join(err, residentErr, <-done); err != nil {
		return err
	}
	if storm.Other > 0 || storm.BusyWithoutRetry > 0 || storm.Served == 0 {
		return fmt.Errorf("log-ins: %d were served, %d got 503 without Retry-After, %d got another reply", storm.Served, storm.BusyWithoutRetry, storm.Other)
	}
	r.alone, r.beside = append(r.alone, alone), append(r.beside, measured{loaded: under, resident: resident})
	r.answers.Served, r.answers.Busy, r.seconds = r.answers.Served+storm.Served, r.answers.Busy+storm.Busy, r.seconds+storm.seconds()
	return nil
}

func loginRequests(users []db.User) []request {
	var list []request
	for _, u := range users {
		list = append(list, loginRequest(u.Email))
	}
	return list
}
