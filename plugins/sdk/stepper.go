package sdk

// stepped is a Stepper as an Optimizer.
type stepped struct{ rule Stepper }

func (o stepped) Info() Info                       { return o.rule.Info() }
func (o stepped) Slots(p Problem, v Params) []Slot { return o.rule.Slots(p, v) }

// fused is a session that commits and asks for the next gradient in one round trip.
type fused interface {
	// commitAndGrad commits w as Commit does and then stores the gradient of the next training batch at w in out. When
	// the commit ends the run there is no gradient, and no error either: Next tells.
	commitAndGrad(w, out Vec) error
}

func (o stepped) Run(s Session) error {
	step, err := o.rule.New(Start{
		Problem: s.Problem(), Params: s.Params(), Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob(),
	})
	if err != nil {
		return err
	}
	w, g := s.W(), s.Slot("grad")
	both, _ := s.(fused)
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
		if both == nil {
			err = s.Commit(w)
		} else {
			err = both.commitAndGrad(w, g)
			fresh = true
		}
		if err != nil {
			return err
		}
	}
	return nil
}
