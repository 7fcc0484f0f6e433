package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tenantry/tenantry/gen/db"
)

const (
	stormConnections = 32
	stormHead        = 1 // seconds that the log-ins begin before the reads and end after them
)

// storm measures point reads alone and beside log-ins with right passwords, as many as 32 connections can send.
func (b *bench) storm(ctx context.Context, full *subject) error {
	dir, err := b.space.Dir("storm")
	if err != nil {
		return err
	}
	logins, err := newWrk(dir, stormConnections, 1)
	if err != nil {
		return err
	}
	attempts, err := logins.write("log-ins", loginRequests(full.world.admins))
	if err != nil {
		return err
	}
	reads, err := b.wrk.write(works[0].name, works[0].requests(full.world, full.tokens))
	if err != nil {
		return err
	}
	if _, err := b.wrk.load(ctx, full.url, reads, warmUp); err != nil {
		return err
	}
	var idle, beside []measured
	var answers replies
	var seconds float64
	for round := range b.rounds {
		alone, err := b.measure(ctx, full, reads)
		if err != nil {
			return err
		}
		type stormed struct {
			loaded

			err error
		}
		done := make(chan stormed, 1)
		go func() {
			got, err := logins.count(ctx, full.url, attempts, b.duration+2*stormHead*second)
			done <- stormed{got, err}
		}()
		if err := sleep(ctx, stormHead*second); err != nil {
			return err
		}
		stop := watchResident(full.pid, sampleEvery)
		under, err := b.wrk.load(ctx, full.url, reads, b.duration)
		resident, residentErr := stop()
		storm := <-done
		for _, err := range []error{err, residentErr, storm.err} {
			if err != nil {
				return err
			}
		}
		if storm.Other > 0 || storm.BusyWithoutRetry > 0 || storm.Served == 0 {
			return fmt.Errorf("log-ins: %d were served, %d got 503 without Retry-After, %d something else", storm.Served, storm.BusyWithoutRetry, storm.Other)
		}
		idle, beside = append(idle, alone), append(beside, measured{loaded: under, resident: resident})
		answers.Served, answers.Busy, seconds = answers.Served+storm.Served, answers.Busy+storm.Busy, seconds+storm.seconds()
		sayf("storm, round %d: %.0f/s alone, %.0f/s beside log-ins, p99 %.2f ms; %d log-ins, %d refused",
			round+1, alone.perSecond(), under.perSecond(), under.P99.milliseconds(), storm.Served, storm.Busy)
	}
	printComparisons(os.Stdout, []comparison{{work: works[0], base: "alone", other: "beside log-ins", baseRuns: idle, otherRuns: beside}})
	fmt.Printf("\nLog-ins: %.1f/s were served, %.0f/s got 503, all of them with Retry-After.\n",
		float64(answers.Served)/seconds, float64(answers.Busy)/seconds)
	return nil
}

func loginRequests(users []db.User) []request {
	var list []request
	for _, u := range users {
		list = append(list, loginRequest(u.Email))
	}
	return list
}
