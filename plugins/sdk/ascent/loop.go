package ascent

import (
	"errors"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Values of the parameter bn_update.
const (
	UpdateFirst = "first" // running statistics follow the gradient at the parameters
	UpdateBoth  = "both"  // and then the one at the perturbed point
)

// OptionParams declares l2_in_loss and bn_update.
func OptionParams() []sdk.Param {
	return []sdk.Param{
		sdk.Bool("l2_in_loss", false, "weight decay is a term ½·weight_decay·‖w‖² of the loss: every gradient has it at its own point, the one that the perturbation follows too; otherwise it belongs to the base and acts on w"),
		sdk.Choice("bn_update", UpdateFirst, []string{UpdateFirst, UpdateBoth},
			"which gradients of a step move the running statistics of batch normalisation: the first, at w, or all"),
	}
}

// Params declares scope, the window, l2_in_loss, bn_update, and the parameters of every base.
func Params() []sdk.Param {
	out := append([]sdk.Param{ScopeParam()}, WindowParams()...)
	return append(append(out, OptionParams()...), base.Params()...)
}

// Check finds what is wrong with the parameters of Params beyond their ranges.
func Check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := append(base.Check(problem, p), CheckScope(problem, p)...)
	out = append(out, CheckWindow(problem, p)...)
	return append(out, CheckOptions(p)...)
}

// CheckOptions finds what is wrong with the parameters of OptionParams beyond their ranges.
func CheckOptions(p sdk.Params) []sdk.Diagnostic {
	if p.Bool("l2_in_loss") && (p.String("decay") == base.DecayDecoupled || p.String("decay") == base.DecayAuto && p.String("base") == base.NameAdamW) {
		return []sdk.Diagnostic{{Param: "l2_in_loss", Message: "decoupled weight decay is no term of a loss: leave one of them out, or set decay = \"l2\""}}
	}
	return nil
}

// Slot is the name of the vector that perturbed points have.
const Slot = "perturbed"

// Slots are those of the base and of the perturbed point.
func Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return append(base.New(p).Slots(problem.Dim), sdk.Slot{Name: Slot, Scratch: true})
}

// Loop is the step that sharpness-aware methods share: the gradient at w, the gradient at a perturbed point on the same
// batch, and the step of the base from w along the latter.
type Loop struct {
	Set    Set
	Window Window
	rule   base.Rule
	loss   *base.Penalty // weight decay as a part of the loss; nil: it is not
	later  []sdk.Option  // of all gradients of a step but the first
	ahead  sdk.Vec       // has the gradient that the coming step begins with; nil: nothing has
}

// NewLoop prepares the loop of a session whose parameters are those of Params, and the base rule.
func NewLoop(s sdk.Session) (*Loop, error) {
	problem, p := s.Problem(), s.Params()
	l := &Loop{Set: ScopeOf(problem, p), Window: NewWindow(problem, p)}
	if l.Set.Empty() {
		return nil, errors.New("scope: no parameter of this workload is in it")
	}
	start := sdk.Start{Problem: problem, Params: p, Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob()}
	if p.Bool("l2_in_loss") {
		penalty, err := base.NewPenalty(problem, p)
		if err != nil {
			return nil, err
		}
		l.loss, l.rule = penalty, base.NewUndecayed(p)
	} else {
		l.rule = base.New(p)
	}
	if p.String("bn_update") == UpdateFirst {
		l.later = []sdk.Option{sdk.FreezeStats}
	}
	return l, l.rule.Init(start)
}

// Grad stores the gradient of b at the point at in out: the first of a step, which moves the running statistics.
func (l *Loop) Grad(s sdk.Session, b sdk.Batch, at, out sdk.Vec) error {
	ahead := l.ahead
	l.ahead = nil
	if ahead != nil && &ahead[0] == &out[0] && &at[0] == &s.W()[0] && b == s.TrainBatch() {
		return l.whole(nil, at, out)
	}
	_, err := s.Grad(b, at, out)
	return l.whole(err, at, out)
}

// GradLater is Grad for the gradients of a step after the first.
func (l *Loop) GradLater(s sdk.Session, b sdk.Batch, at, out sdk.Vec) error {
	_, err := s.Grad(b, at, out, l.later...)
	return l.whole(err, at, out)
}

// HVP stores the product of the Hessian of b at the point at with dir in out.
func (l *Loop) HVP(s sdk.Session, b sdk.Batch, at, dir, out sdk.Vec) error {
	_, err := s.HVP(b, at, dir, out)
	return l.whole(err, dir, out)
}

// whole adds weight decay where it is a part of the loss.
func (l *Loop) whole(err error, at, out sdk.Vec) error {
	if err == nil && l.loss != nil {
		l.loss.Add(out, at)
	}
	return err
}

// Finish ends a step: the base's step from w along u, and the commit.
func (l *Loop) Finish(s sdk.Session, w, u sdk.Vec) error {
	l.rule.Step(w, u, s.LRScale())
	return s.Commit(w)
}

// FinishAndGrad is Finish, and brings the gradient of the next minibatch at w with the answer: Grad finds it in out. w must
// be the session's, and it and out must stay as they are until then.
func (l *Loop) FinishAndGrad(s sdk.Session, w, u, out sdk.Vec) error {
	l.rule.Step(w, u, s.LRScale())
	_, err := s.CommitAndGrad(w, out)
	l.ahead = out
	return err
}

// Run trains. In every step inside the window, perturb stores the perturbed point in dst; w are the parameters, g is the
// gradient there, which it may overwrite. Outside, the step is that of the base along the first gradient.
func (l *Loop) Run(s sdk.Session, perturb func(dst, w, g sdk.Vec) error) error {
	w, g, perturbed := s.W(), s.Slot("grad"), s.Slot(Slot)
	for s.Next() {
		batch := s.TrainBatch()
		if err := l.Grad(s, batch, w, g); err != nil {
			return err
		}
		if l.Window.Holds(s.Step()) {
			if err := perturb(perturbed, w, g); err != nil {
				return err
			}
			if err := l.GradLater(s, batch, perturbed, g); err != nil {
				return err
			}
		}
		if err := l.FinishAndGrad(s, w, g, g); err != nil {
			return err
		}
	}
	return nil
}
