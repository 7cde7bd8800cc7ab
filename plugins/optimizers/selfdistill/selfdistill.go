// Package selfdistill trains towards the labels and towards the mean opinion of earlier states of the same network, its
// voting teachers. With the outputs z of the minibatch of n examples at w and those z_k of the teachers, in every step:
//
//	p = softmax(z/T), q = mean over the teachers of softmax(z_k/T)
//	L = loss + lambda·T²·mean over the examples of KL(q ‖ p)
//	base step from w along the gradient of L
//
// The teachers are the parameters of the last teachers multiples of every steps, fewer early on; before step every there
// are none and L is the loss.
package selfdistill

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "selfdistill",
		Version: 1,
		Summary: "self-distillation with voting teachers: earlier states of the network teach it beside the labels",
		Rule: "p = softmax(z/T), q = mean of softmax(z_k/T) over the teachers; base step along the gradient of loss + lambda*T^2*mean KL(q || p); " +
			"the teachers are the parameters of the last multiples of every steps",
		Citation: "Zhu, Li, Liu & Wang 2023, Improving Differentiable Architecture Search via Self-Distillation, arXiv:2302.05629",
		Unverified: "Only the idea was verified: distilling from the averaged output probabilities of earlier steps. The loss, the spacing of the teachers and all defaults are this program's; " +
			"the published method is about architecture search, which is not here.",
		Watch: []string{
			"With batch normalisation the teachers' outputs are those under the statistics of the minibatch, as the student's.",
			"Every teacher is a copy of the parameters in memory and in every checkpoint.",
		},
		Params: append([]sdk.Param{
			sdk.Float("lambda", 1, "weight of the teachers' opinion").Min(0).Log(),
			sdk.Float("temperature", 2, "T: what outputs are divided by before the softmax").Above(0),
			sdk.Int("teachers", 3, "number of earlier states that vote").Min(1).Max(16),
			sdk.Int("every", 100, "steps from one teacher to the next").Min(1),
		}, base.Params()...),
		Cost:     3 + 1.0/3,
		CostNote: "7/3 + teachers/3 once all teachers are there; 1 before the first",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"lambda": 0.0}, Equals: "sgd"},
			// The learning rate and the decay are adamw's own defaults.
			{When: map[string]any{"lambda": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpOutputs, sdk.OpVJP, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	if problem.Dim > 0 && problem.Classes < 2 {
		out = append(out, sdk.Diagnostic{Message: "this workload has no classes that teachers could vote on"})
	}
	return out
}

func teacher(k int) string { return fmt.Sprintf("teacher%d", k) }

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	n := max(1, problem.BatchSize*problem.Classes)
	slots := append(base.New(p).Slots(problem.Dim),
		sdk.Slot{Name: "pull", Scratch: true}, sdk.Slot{Name: "outputs", Len: n, Scratch: true}, sdk.Slot{Name: "cotangent", Len: n, Scratch: true})
	for k := range p.Int("teachers") {
		slots = append(slots, sdk.Slot{Name: teacher(k)})
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, problem := s.Params(), s.Problem()
	rule := base.New(p)
	err := rule.Init(sdk.Start{Problem: problem, Params: p, Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob()})
	if err != nil {
		return err
	}
	lambda, heat, many, every := p.Float("lambda"), p.Float("temperature"), uint64(p.Int("teachers")), uint64(p.Int("every"))
	w, g, pull, outputs, cotangent := s.W(), s.Slot("grad"), s.Slot("pull"), s.Slot("outputs"), s.Slot("cotangent")
	votes, row := make([]float64, len(outputs)), make([]float64, problem.Classes)
	// add adds share·softmax(outputs/T) to the votes.
	add := func(n int, share float64) {
		k := problem.Classes
		for i := range n {
			softmax(row, outputs[i*k:(i+1)*k], heat)
			for j, v := range row {
				votes[i*k+j] += float64(share * v)
			}
		}
	}
	for s.Next() {
		step, batch := s.Step(), s.TrainBatch()
		if step > 0 && step%every == 0 {
			copy(s.Slot(teacher(int((step/every-1)%many))), w)
		}
		if _, err := s.Grad(batch, w, g); err != nil {
			return err
		}
		if have := min(many, step/every); have > 0 && lambda > 0 {
			clear(votes)
			n := 0
			for k := range have {
				if n, err = s.Outputs(batch, s.Slot(teacher(int(k))), outputs); err != nil {
					return err
				}
				add(n, -1/float64(have))
			}
			if _, err := s.Outputs(batch, w, outputs); err != nil {
				return err
			}
			add(n, 1)
			// The gradient of T² KL(q ‖ p) by the outputs is T (p − q).
			scale := lambda * heat / float64(n)
			clear(cotangent)
			for i, v := range votes[:n*problem.Classes] {
				cotangent[i] = float32(scale * v)
			}
			if _, err := s.VJP(batch, w, cotangent, pull, sdk.FreezeStats); err != nil {
				return err
			}
			vec.Add(g, g, pull)
		}
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// softmax stores softmax(z/heat) in out.
func softmax(out []float64, z sdk.Vec, heat float64) {
	largest, sum := math.Inf(-1), 0.0
	for _, v := range z {
		largest = max(largest, float64(v)/heat)
	}
	for j, v := range z {
		out[j] = math.Exp(float64(v)/heat - largest)
		sum += out[j]
	}
	for j := range out {
		out[j] /= sum
	}
}
