package sdk

// Optimizer is a method that drives its own loop.
type Optimizer interface {
	Info() Info
	// Slots says which vectors the method needs. It may depend on its arguments alone.
	Slots(Problem, Params) []Slot
	// Run trains until Session.Next is false and then returns nil. An error ends the trial: one that wraps NonFinite
	// means that training diverged, one made by Diverged or Converged says so itself, any other means failure. Errors
	// of Session methods are meant to be returned as they are.
	Run(Session) error
}

// Stepper is a method that needs exactly one gradient a step, on the next training batch, at the current parameters.
type Stepper interface {
	Info() Info
	// Slots says which vectors the method needs. It may depend on its arguments alone.
	Slots(Problem, Params) []Slot
	// New prepares a run, or the rest of one that is resumed, and returns the step. The step gets the parameters w,
	// which it updates in place, their gradient g, which it may overwrite, and the factor that the host's schedule
	// applies to the learning rate in this step. Its errors mean the same as those of Optimizer.Run.
	New(Start) (step func(w, g Vec, lrScale float64) error, err error)
}

// Metric measures a trained model.
type Metric interface {
	Info() Info
	// Slots says which vectors the method needs. It may depend on its arguments alone.
	Slots(Problem, Params) []Slot
	// Measure returns the values that Info declares, each once. It must not write the slots params, init and update,
	// and it cannot commit. An error, of any kind, means that there is no measurement.
	Measure(Session) ([]Value, error)
}

// Start is what a Stepper knows when a run begins.
type Start struct {
	Problem Problem
	Params  Params
	Seed    uint64
	Step    uint64                // steps committed before; 0 unless the run is resumed
	Slot    func(name string) Vec // the slots asked for; a resumed run finds them as the last commit left them
	Blob    []byte                // of the last commit; nil for a Stepper's own runs
}

// FromStepper makes an Optimizer of a Stepper. Each step is one round trip to the host.
func FromStepper(s Stepper) Optimizer { return stepped{rule: s} }
