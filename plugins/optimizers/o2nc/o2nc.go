// Package o2nc is online-to-nonconvex conversion: an online learner, projected gradient descent, chooses the steps of an
// optimizer for losses that need be neither smooth nor convex. With x_0 the starting point and Δ_1 = 0,
//
//	x_n = x_{n−1} + Δ_n
//	y_n = x_{n−1} + s_n·Δ_n               s_n uniform on [0, 1]
//	g_n = g(y_n; B_n)
//	Δ_{n+1} = Π(Δ_n − η_n·g_n)            Π projects on the ball of radius D
//
// Steps are counted in blocks of T, and the output is the mean of the points y of a block: its gradients' mean is what the theory
// makes small. What is committed, and therefore evaluated, is the mean of the last block that is complete; before the first is,
// the mean of its points so far. With output = iterate it is x_n.
//
// In a run of N steps, T = ⌈(delta·N)^{2/3}⌉, D = delta/T and η = D/(gradient_norm·√T), unless block, radius and lr say otherwise. η_n is
// η times the host's schedule. s_n is Φ(z), z standard normal, number n of the stream "o2nc".
package o2nc

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Values of the parameter output.
const (
	Block   = "block"
	Iterate = "iterate"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "o2nc",
		Version: 1,
		Summary: "online-to-nonconvex conversion: an online learner chooses the steps, a block's mean is the answer",
		Rule: "x = x + D_n; y = x_old + s*D_n, s uniform on [0,1]; g = grad(y); D_{n+1} = projection of D_n - lr*g on the ball of the given radius; " +
			"output: the mean of y over a block",
		Citation: "Cutkosky, Mehta & Orabona 2023, Optimal Stochastic Non-smooth Non-convex Optimization through Online-to-Non-convex Conversion, arXiv:2302.03775",
		Unverified: "How block, radius and lr follow from delta and the number of steps: the form is the theory's, the constants are this program's. " +
			"The theory outputs a uniformly chosen block; here the last complete one is the answer.",
		Watch: []string{
			"What is evaluated is the mean over a block, not the last iterate: a short run without a complete block is evaluated at a mean near its start.",
			"No step is longer than radius: far from a solution a small delta makes it slow.",
		},
		Params: []sdk.Param{
			sdk.Float("delta", 0.1, "how far apart the points of a block may be, in the Euclidean norm").Above(0).Log(),
			sdk.Float("gradient_norm", 1, "size of a gradient that lr = 0 assumes").Above(0).Log(),
			sdk.Float("lr", 0, "step size of the online learner; 0: radius/(gradient_norm·√block)").Min(0).Log(),
			sdk.Int("block", 0, "steps of a block; 0: (delta·steps)^(2/3), rounded up").Min(0),
			sdk.Float("radius", 0, "largest norm of a step; 0: delta/block").Min(0).Log(),
			sdk.Bool("randomize", true, "gradients at a random point between two iterates; otherwise at the new one, s = 1"),
			sdk.Choice("output", Block, []string{Block, Iterate}, "what is committed: the mean of the last complete block, or the iterate"),
		},
		Cost:      1,
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpNormal, sdk.OpCommit},
		Resumable: true,
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "x"}, {Name: "delta"}, {Name: "sum"}, {Name: "y", Scratch: true}, {Name: "noise", Len: 1, Scratch: true}}
}

// unknown is the number of steps that is assumed where the host does not say.
const unknown = 1000

type constants struct {
	block        int
	radius, rate float64
}

func constantsOf(p sdk.Params, steps int) constants {
	if steps == 0 {
		steps = unknown
	}
	delta := p.Float("delta")
	c := constants{p.Int("block"), p.Float("radius"), p.Float("lr")}
	if c.block == 0 {
		c.block = max(1, min(steps, int(math.Ceil(math.Pow(delta*float64(steps), 2.0/3)))))
	}
	if c.radius == 0 {
		c.radius = delta / float64(c.block)
	}
	if c.rate == 0 {
		c.rate = c.radius / (p.Float("gradient_norm") * math.Sqrt(float64(c.block)))
	}
	return c
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, w, g := s.Params(), s.W(), s.Slot("grad")
	x, delta, sum, y, noise := s.Slot("x"), s.Slot("delta"), s.Slot("sum"), s.Slot("y"), s.Slot("noise")
	c := constantsOf(p, s.Problem().Steps)
	if s.Step() == 0 {
		copy(x, w)
	}
	for s.Next() {
		share := 1.0
		if p.Bool("randomize") {
			if err := s.Normal("o2nc", s.Step(), noise, 1); err != nil {
				return err
			}
			share = uniform(noise[0])
		}
		vec.AddScaled(y, x, float32(share), delta)
		vec.Axpy(x, 1, delta)
		if _, err := s.Grad(s.TrainBatch(), y, g); err != nil {
			return err
		}
		vec.Axpy(delta, float32(-c.rate*s.LRScale()), g)
		if norm := vec.Norm2(delta); norm > c.radius {
			vec.Scale(delta, float32(c.radius/norm), delta)
		}
		// sum is the mean of the block so far: that of equal points is the point itself, to the bit.
		k := int(s.Step()) % c.block
		if k == 0 {
			copy(sum, y)
		} else {
			vec.Sub(y, y, sum)
			vec.Axpy(sum, float32(1/float64(k+1)), y)
		}
		switch {
		case p.String("output") == Iterate:
			copy(w, x)
		case k+1 == c.block || int(s.Step()) < c.block:
			copy(w, sum)
		}
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// uniform is the distribution function of the normal distribution: it makes uniform numbers of normal ones.
func uniform(z float32) float64 { return math.Erfc(-float64(z)/math.Sqrt2) / 2 }
