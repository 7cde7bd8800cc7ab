package ascent

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// problem has a tensor of every kind.
func problem() sdk.Problem {
	p := sdk.Problem{Steps: 40}
	for _, t := range []sdk.Tensor{
		{Name: "embed", Kind: sdk.KindEmbed, Shape: []int{3}},
		{Name: "conv.weight", Kind: sdk.KindWeight, Shape: []int{3, 3}},
		{Name: "norm.scale", Kind: sdk.KindNormScale, Shape: []int{3}},
		{Name: "norm.shift", Kind: sdk.KindNormShift, Shape: []int{3}},
		{Name: "fc.weight", Kind: sdk.KindWeight, Shape: []int{3, 2}},
		{Name: "fc.bias", Kind: sdk.KindBias, Shape: []int{2}},
	} {
		t.Offset = p.Dim
		p.Dim += t.Size()
		p.Tensors = append(p.Tensors, t)
	}
	return p
}

func params(t *testing.T, given map[string]any) sdk.Params {
	t.Helper()
	p, problems := sdk.NewParams(Params(), given)
	if len(problems) > 0 {
		t.Fatalf("parameters %v: %v", given, problems)
	}
	return p
}

// vectors are a point and a gradient, without zeros.
func vectors(n int) (w, g sdk.Vec) {
	for i := range n {
		w = append(w, float32(math.Cos(float64(3*i))))
		g = append(g, float32(math.Sin(float64(i)+0.5)))
	}
	return w, g
}

// kinds is what a scope holds, written out.
var kinds = map[string][]string{
	ScopeAll:     {"weight", "bias", "norm_scale", "norm_shift", "embed"},
	ScopeNorm:    {"norm_scale", "norm_shift"},
	ScopeNoNorm:  {"weight", "bias", "embed"},
	ScopeWeights: {"weight", "embed"},
	ScopeBiases:  {"bias"},
}

func members(pr sdk.Problem, kinds []string) []bool {
	in := make([]bool, pr.Dim)
	for _, t := range pr.Tensors {
		for i := range t.Size() {
			in[t.Offset+i] = slices.Contains(kinds, t.Kind)
		}
	}
	return in
}

// Every scope, with every scaling, in both norms, is the formula of the documentation, elsewhere w; the arguments stay.
func TestPerturb(t *testing.T) {
	pr := problem()
	w, g := vectors(pr.Dim)
	const rho = 0.3
	for scope, names := range kinds {
		in := members(pr, names)
		for _, c := range []struct {
			name   string
			scaled []string
			eta    float64
			max    bool
		}{
			{"plain", nil, 0, false},
			{"sign", nil, 0, true},
			{"all", kinds[ScopeAll], 0, false},
			{"weights and scales", []string{"weight", "norm_scale"}, 0.01, false},
			{"weights, sign", []string{"weight"}, 0.5, true},
		} {
			ball := Ball{Set: ScopeOf(pr, params(t, map[string]any{"scope": scope})), Rho: rho, Tiny: 1e-12, Max: c.max}
			if c.scaled != nil {
				ball.Scale(Of(pr, func(t sdk.Tensor) bool { return slices.Contains(c.scaled, t.Kind) }), c.eta)
			}
			scaled := members(pr, c.scaled)
			size := func(i int) float64 {
				if scaled[i] {
					return math.Abs(float64(w[i])) + c.eta
				}
				return 1
			}
			square := 0.0
			for i := range g {
				if in[i] {
					square += math.Pow(size(i)*float64(g[i]), 2)
				}
			}
			for range 2 { // the second time with buffers that were used
				dst := make(sdk.Vec, pr.Dim)
				beforeW, beforeG := slices.Clone(w), slices.Clone(g)
				ball.Perturb(dst, w, g)
				if !slices.Equal(w, beforeW) || !slices.Equal(g, beforeG) {
					t.Fatalf("%s, %s: the arguments were modified", scope, c.name)
				}
				for i := range dst {
					want := float64(w[i])
					switch {
					case in[i] && c.max:
						want += rho * size(i) * math.Copysign(1, float64(g[i]))
					case in[i]:
						want += rho * size(i) * size(i) * float64(g[i]) / math.Sqrt(square)
					case dst[i] != w[i]:
						t.Fatalf("%s, %s: element %d is outside and was moved", scope, c.name, i)
					}
					if math.Abs(float64(dst[i])-want) > 1e-6 {
						t.Fatalf("%s, %s: element %d is %v, want %v", scope, c.name, i, dst[i], want)
					}
				}
			}
		}
	}
}

// A zero gradient, or a radius of zero, is no perturbation, to the bit.
func TestNoPerturbation(t *testing.T) {
	pr := problem()
	w, g := vectors(pr.Dim)
	for _, max := range []bool{false, true} {
		for _, scaled := range []bool{false, true} {
			for _, c := range []struct {
				rho float64
				g   sdk.Vec
			}{{0, g}, {0.5, make(sdk.Vec, pr.Dim)}} {
				ball := Ball{Set: Whole(pr.Dim), Rho: c.rho, Tiny: 1e-12, Max: max}
				if scaled {
					ball.Scale(Whole(pr.Dim), 0)
				}
				dst := make(sdk.Vec, pr.Dim)
				ball.Perturb(dst, w, c.g)
				if !slices.Equal(dst, w) {
					t.Errorf("rho %v, max %v, scaled %v: moved", c.rho, max, scaled)
				}
			}
		}
	}
}

func TestPerturbDoesNotAllocate(t *testing.T) {
	pr := problem()
	w, g := vectors(pr.Dim)
	ball, dst := Ball{Set: Whole(pr.Dim), Rho: 0.1}, make(sdk.Vec, pr.Dim)
	ball.Scale(Of(pr, func(t sdk.Tensor) bool { return t.Kind == sdk.KindWeight }), 0.01)
	ball.Perturb(dst, w, g)
	if n := testing.AllocsPerRun(10, func() { ball.Perturb(dst, w, g) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		start, end float64
		first, to  int // steps 0..39 inside
	}{{0, 1, 0, 40}, {0.75, 1, 30, 40}, {0, 0.25, 0, 10}, {0.26, 0.26001, 11, 11}, {0.11, 0.52, 5, 21}} {
		w := NewWindow(sdk.Problem{Steps: 40}, params(t, map[string]any{"window_start": c.start, "window_end": c.end}))
		for k := range 40 {
			if want := c.first <= k && k < c.to; w.Holds(uint64(k)) != want {
				t.Errorf("%+v: step %d: %v", c, k, !want)
			}
		}
	}
	// A run that does not say how long it is has the whole window only.
	if !NewWindow(sdk.Problem{}, params(t, nil)).Holds(1 << 40) {
		t.Error("the whole window ends")
	}
}

func TestCheck(t *testing.T) {
	flat := sdk.Problem{Dim: 4, Steps: 10}
	for _, c := range []struct {
		given   map[string]any
		problem sdk.Problem
		param   string // "": nothing is wrong
		message string
	}{
		{nil, problem(), "", ""},
		{map[string]any{"scope": "norm"}, problem(), "", ""},
		{map[string]any{"scope": "norm"}, flat, "scope", "no parameter of this workload"},
		{map[string]any{"window_start": 0.5, "window_end": 0.5}, problem(), "window_end", "more than window_start"},
		{map[string]any{"window_start": 0.5}, sdk.Problem{Dim: 4}, "window_start", "how many steps"},
		{map[string]any{"l2_in_loss": true, "weight_decay": 0.1}, problem(), "", ""},
		{map[string]any{"l2_in_loss": true, "base": "adam"}, problem(), "", ""},
		{map[string]any{"l2_in_loss": true, "base": "adamw"}, problem(), "l2_in_loss", "decoupled"},
		{map[string]any{"l2_in_loss": true, "base": "adamw", "decay": "l2"}, problem(), "", ""},
		{map[string]any{"l2_in_loss": true, "decay": "decoupled"}, problem(), "l2_in_loss", "decoupled"},
		{map[string]any{"nesterov": true}, problem(), "nesterov", "momentum"},
	} {
		got := Check(c.problem, params(t, c.given))
		switch {
		case c.param == "" && len(got) == 0:
		case len(got) == 1 && got[0].Param == c.param && c.param != "" && strings.Contains(got[0].Message, c.message):
		default:
			t.Errorf("%v: %v, want %q about %s", c.given, got, c.message, c.param)
		}
	}
}

func TestSets(t *testing.T) {
	pr := problem()
	if all := ScopeOf(pr, params(t, nil)); !slices.Equal(all.Spans(), []base.Span{{From: 0, To: pr.Dim}}) || all.Empty() {
		t.Errorf("all is %v", all.Spans())
	}
	weights := ScopeOf(pr, params(t, map[string]any{"scope": ScopeWeights}))
	if want := []base.Span{{From: 0, To: 12}, {From: 18, To: 24}}; !slices.Equal(weights.Spans(), want) {
		t.Errorf("weights are %v, want %v", weights.Spans(), want)
	}
	w, g := vectors(pr.Dim)
	dot, square := 0.0, 0.0
	for i := range w {
		if i < 12 || i >= 18 && i < 24 {
			dot += float64(w[i]) * float64(g[i])
			square += float64(w[i]) * float64(w[i])
		}
	}
	if got := weights.Dot(w, g); math.Abs(got-dot) > 1e-12 {
		t.Errorf("product %v, want %v", got, dot)
	}
	if got := weights.Norm(w); math.Abs(got-math.Sqrt(square)) > 1e-12 {
		t.Errorf("norm %v, want %v", got, math.Sqrt(square))
	}
}

// A million parameters, in vectors as they lie in memory one after the other.
func BenchmarkPerturb(b *testing.B) {
	const n = 1 << 20
	w, g := vectors(n)
	dst := make(sdk.Vec, n)
	for _, c := range []struct {
		name string
		ball Ball
	}{{"euclidean", Ball{Set: Whole(n), Rho: 0.05, Tiny: 1e-12}}, {"max", Ball{Set: Whole(n), Rho: 0.05, Max: true}}, {"scaled", Ball{Set: Whole(n), Rho: 0.5, Tiny: 1e-16}}} {
		if c.name == "scaled" {
			c.ball.Scale(Whole(n), 0.01)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(4 * n)
			for b.Loop() {
				c.ball.Perturb(dst, w, g)
			}
		})
	}
}
