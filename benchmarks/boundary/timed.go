package main

import (
	"time"

	"github.com/sharpbench/sharpbench/plugins"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// lookup returns a bundled optimizer that tells with every commit how long it has computed since the one before.
func lookup(name string) sdk.Optimizer {
	p, _ := plugins.Lookup(name)
	o, ok := p.(sdk.Optimizer)
	if !ok {
		o = sdk.FromStepper(p.(sdk.Stepper))
	}
	return watched{Optimizer: o}
}

type watched struct {
	sdk.Optimizer
	told func(seconds float64) // nil: as a scalar of the commit
}

func (w watched) Run(s sdk.Session) error {
	return w.Optimizer.Run(&computing{Session: s, told: w.told, since: time.Now()})
}

// computing is a session that measures the time between requests. It watches those that sgd and sam make.
type computing struct {
	sdk.Session
	told  func(float64)
	since time.Time
	spent float64
}

func (c *computing) pause()  { c.spent += time.Since(c.since).Seconds() }
func (c *computing) resume() { c.since = time.Now() }

// ended is the option of the commit that ends a step.
func (c *computing) ended(opts []sdk.CommitOption) []sdk.CommitOption {
	spent := c.spent
	c.spent = 0
	if c.told != nil {
		c.told(spent)
		return opts
	}
	return append(opts, sdk.WithScalar("update", spent))
}

func (c *computing) Grad(b sdk.Batch, at, out sdk.Vec, opts ...sdk.Option) (float64, error) {
	c.pause()
	defer c.resume()
	return c.Session.Grad(b, at, out, opts...)
}

func (c *computing) Commit(w sdk.Vec, opts ...sdk.CommitOption) error {
	c.pause()
	defer c.resume()
	return c.Session.Commit(w, c.ended(opts)...)
}

func (c *computing) CommitAndGrad(w, out sdk.Vec, opts ...sdk.CommitOption) (float64, error) {
	c.pause()
	defer c.resume()
	return c.Session.CommitAndGrad(w, out, c.ended(opts)...)
}
