package sdk

// stepped is a Stepper as an Optimizer.
type stepped struct{ rule Stepper }

func (o stepped) Info() Info                       { return o.rule.Info() }
func (o stepped) Slots(p Problem, v Params) []Slot { return o.rule.Slots(p, v) }

func (o stepped) Run(s Session) error {
	step, err := o.rule.New(Start{
		Problem: s.Problem(), Params: s.Params(), Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob(),
	})
	if err != nil {
		return err
	}
	w, g := s.W(), s.Slot("grad")
	fresh := false // whether g is the gradient of the current step
	for s.Next() {
		if !fresh {
			if _, err := s.Grad(s.TrainBatch(), w, g); err != nil {
				return err
			}
		}
		if err := step(w, g, s.LRScale()); err != nil {
			return err
		}
		if _, err := s.CommitAndGrad(w, g); err != nil {
			return err
		}
		fresh = true
	}
	return nil
}
