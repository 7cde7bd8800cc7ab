package stats

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// The expected numbers of this file come from the papers' own examples, from closed forms, or from scipy 1.x where it says so.

func TestWilcoxon(t *testing.T) {
	p, exact := Wilcoxon([]float64{.4, .2, .3, .6, .1})
	near(t, "fixture", p, 0.0625, 1e-15)
	if !exact {
		t.Error("five differences not counted")
	}
	// scipy.stats.wilcoxon(method="exact").
	p, _ = Wilcoxon([]float64{1.5, -0.3, 2.2, 0.8, -1.1, 3.1, 0.4, 1.9, -0.2, 2.7})
	near(t, "ten", p, 0.048828125, 1e-12)
	d := make([]float64, 60)
	for i := range d {
		d[i] = (float64((i*7919)%61) - 25) / 7
	}
	p, exact = Wilcoxon(d) // scipy, method="approx", correction=False; one difference is 0
	near(t, "sixty", p, 0.030857488827334512, 1e-12)
	if exact {
		t.Error("sixty differences counted")
	}
	for _, none := range [][]float64{nil, {0, 0}} {
		if p, _ := Wilcoxon(none); p != 1 {
			t.Errorf("p of %v is %g", none, p)
		}
	}
}

// TestWilcoxonCounts compares the counted distribution with every assignment of signs, with ties.
func TestWilcoxonCounts(t *testing.T) {
	for _, d := range [][]float64{{1, 2, 3, -4}, {1, 1, -1, 2, 2, 5}, {-3, 3, 3, 1, 0, 7, 2}} {
		var size []float64
		for _, v := range d {
			if v != 0 {
				size = append(size, math.Abs(v))
			}
		}
		ranks := MidRanks(size)
		half := 0.0
		for _, r := range ranks {
			half += r / 2
		}
		plus, k := 0.0, 0
		for _, v := range d {
			if v != 0 {
				if v > 0 {
					plus += ranks[k]
				}
				k++
			}
		}
		hits := 0
		for signs := range 1 << len(ranks) {
			w := 0.0
			for i, r := range ranks {
				if signs>>i&1 == 1 {
					w += r
				}
			}
			if math.Abs(w-half) >= math.Abs(plus-half) {
				hits++
			}
		}
		p, _ := Wilcoxon(d)
		near(t, "p", p, float64(hits)/float64(int(1)<<len(ranks)), 1e-12)
	}
}

func TestWelch(t *testing.T) {
	delta, p := Welch(seedsA, seedsB, 0.95)
	near(t, "difference", delta.Value, .32, 1e-12)
	near(t, "p (scipy)", p, .1560513665983713, 1e-9)
	// scipy: t = 1.5727142, df = 7.669067967; t quantile from the same.
	near(t, "half width", delta.Half(), tQuantile(.975, 7.669067967246893)*.32/1.5727141989856066, 1e-9)
	if d, p := Welch([]float64{1}, []float64{2, 3}, .95); d.Interval || p != 1 {
		t.Error("a sample of one has an interval")
	}
	if d, p := Welch([]float64{1, 1}, []float64{2, 2}, .95); d.Interval || p != 1 || d.Value != -1 {
		t.Error("constants have an interval")
	}
}

func TestMultiplicity(t *testing.T) {
	p := []float64{.01, .04, .03, .005}
	for name, c := range map[string]struct{ got, want []float64 }{
		"Holm": {Holm(p), []float64{.03, .06, .06, .02}}, "BH": {BenjaminiHochberg(p), []float64{.02, .04, .04, .02}}} {
		for i := range p {
			near(t, name, c.got[i], c.want[i], 1e-12)
		}
	}
}

func TestPermutation(t *testing.T) {
	tau := func(x, y []float64) (float64, bool) { k := Kendall(x, y); return k.Tau, k.OK }
	// Without strata it approaches the exact p of n = 5, τ = .6.
	p, ok := Permutation(rankX, rankY, make([]int, 5), tau, 20_000, 0)
	near(t, "p", p, .2333333, 0.01)
	if again, _ := Permutation(rankX, rankY, make([]int, 5), tau, 20_000, 0); !ok || again != p {
		t.Error("the same seed gave another p")
	}
	// Two groups far apart, no relation inside: the pooled permutation sees a relation, the stratified one does not.
	x := []float64{1, 2, 3, 4, 5, 11, 12, 13, 14, 15}
	y := []float64{2, 5, 1, 4, 3, 13, 11, 15, 12, 14}
	group := []int{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}
	pooled, _ := Permutation(x, y, make([]int, 10), tau, 2000, 0)
	inside, _ := Permutation(x, y, group, tau, 2000, 0)
	if pooled > 0.05 || inside < 0.2 {
		t.Errorf("pooled p %g, stratified p %g", pooled, inside)
	}
	if _, ok := Permutation(x, y, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, tau, 10, 0); ok {
		t.Error("strata of one can be permuted")
	}
	if _, ok := Permutation([]float64{1, 1}, []float64{1, 2}, []int{0, 0}, tau, 10, 0); ok {
		t.Error("a constant has a p")
	}
}

func TestPartialRanks(t *testing.T) {
	x := []float64{3, 1, 4, 1.5, 9, 2.6, 5, 3.5, 8, 9.7}
	y := []float64{2, 7, 1, 8, 2.8, 1.8, 2.845, 9, 0.45, 2.3}
	z1 := []float64{1, 1, 2, 2, 3, 3, 4, 4, 5, 5}
	z2 := []float64{5, 3, 1, 2, 4, 6, 8, 7, 9, 0}
	r, ok := PartialRanks(x, y, z1, z2)
	near(t, "two covariates (numpy)", r, -0.3906169901594505, 1e-9)
	one, _ := PartialRanks(x, y, z1)
	xy, _ := Spearman(x, y)
	xz, _ := Spearman(x, z1)
	yz, _ := Spearman(y, z1)
	want, _ := Partial(xy, xz, yz)
	near(t, "one covariate", one, want, 1e-12)
	none, _ := PartialRanks(x, y)
	near(t, "none", none, xy, 1e-12)
	twice, _ := PartialRanks(x, y, z1, z2, z1)
	near(t, "a covariate twice", twice, r, 1e-9)
	if _, okx := PartialRanks(x, y, x); okx || !ok {
		t.Error("given x itself it is defined")
	}
	if _, ok := PartialRanks(x[:3], y[:3], z1[:3]); ok {
		t.Error("three points and a covariate")
	}
}

func TestGranulate(t *testing.T) {
	lr, bs := []string{"0", "0", "1", "1"}, []string{"0", "1", "0", "1"}
	x, gap := []float64{1, 2, 3, 4}, []float64{1, 0, 3, 2}
	g := Granulate(x, gap, []string{"lr", "bs"}, [][]string{lr, bs})
	if g.Axes[0].Psi != 1 || g.Axes[1].Psi != -1 || g.Psi != 0 || !g.OK || g.Axes[0].Lines != 2 || g.Axes[0].Levels != 2 {
		t.Errorf("%+v", g)
	}
	near(t, "pooled", Kendall(x, gap).Tau, 1./3, 1e-12)
	// Without the last point each axis has one whole line.
	g = Granulate(x[:3], gap[:3], []string{"lr", "bs"}, [][]string{lr[:3], bs[:3]})
	if g.Axes[0].Short != 1 || g.Axes[0].Lines != 1 || g.Axes[0].Psi != 1 || g.Axes[1].Psi != -1 {
		t.Errorf("incomplete: %+v", g)
	}
	if g = Granulate(x, gap, []string{"lr"}, [][]string{{"a", "a", "a", "a"}}); g.OK || g.Axes[0].OK {
		t.Errorf("one level: %+v", g)
	}
	// Three levels: τ_a of (1,2,3) against (1,1,2) is 2/3.
	if g = Granulate([]float64{1, 2, 3}, []float64{1, 1, 2}, []string{"lr"}, [][]string{{"a", "b", "c"}}); math.Abs(g.Psi-2./3) > 1e-12 {
		t.Errorf("three levels: %+v", g)
	}
}

func TestSignErrors(t *testing.T) {
	for delta, want := range map[float64]float64{.01: 0, .02: .5319214, .03: .9560577, .05: .9999851} {
		near(t, "h", Resolvable(delta, 10_000), want, 5e-8)
	}
	// 20 lines of one binary axis, all differences resolvable: the measure is right on 15 of 20.
	var x, y []float64
	level := [][]string{nil, nil}
	for line := range 20 {
		for k := range 2 {
			right := 1.0
			if line < 5 {
				right = -1
			}
			x, y = append(x, right*float64(k)), append(y, 0.5*float64(k)+0.0001*float64(line))
			level[0] = append(level[0], []string{"a", "b"}[k])
			level[1] = append(level[1], string(rune('A'+line)))
		}
	}
	s := SignErrors(x, y, level, 10_000)
	if !s.OK || len(s.Environments) != 1 {
		t.Fatalf("%+v", s)
	}
	near(t, "sign-error", s.Mean, 0.25, 1e-3)
	if s.Max != s.Mean || s.P90 != s.Mean {
		t.Errorf("one environment: %+v", s)
	}
	// Pairs along the other axis differ by 0.0001 at most: the test set cannot order them.
	if s.Dropped != 20*19/2 {
		t.Errorf("dropped %d environments", s.Dropped)
	}
	if s = SignErrors(x[:4], y[:4], [][]string{level[0][:4], level[1][:4]}, 10_000); s.OK || len(s.Environments) != 0 {
		t.Errorf("two pairs are enough: %+v", s)
	}
}

func TestICC(t *testing.T) {
	// Shrout and Fleiss (1979), table 2: ICC(1,1) = .17, ICC(1,4) = .44.
	r := ICC([][]float64{{9, 2, 5, 8}, {6, 1, 3, 2}, {8, 4, 6, 8}, {7, 1, 2, 6}, {10, 5, 6, 9}, {6, 2, 4, 7}})
	near(t, "ICC(1,1)", r.Single, .17, .005)
	near(t, "ICC(1,4)", r.Mean, .44, .005)
	if !r.OK || r.Configurations != 6 || r.Seeds != 24 {
		t.Errorf("%+v", r)
	}
	// Spearman-Brown links the two.
	near(t, "Spearman-Brown", r.Mean, 4*r.Single/(1+3*r.Single), 1e-12)
	for _, none := range [][][]float64{nil, {{1, 2}}, {{1}, {2}, {3}}, {{1, 1}, {1, 1}}} {
		if ICC(none).OK {
			t.Errorf("%v has a reliability", none)
		}
	}
	if r = ICC([][]float64{{1, 1, 1}, {2, 2, 2}, {4}}); r.Single != 1 || r.Mean != 1 || r.Configurations != 2 {
		t.Errorf("no noise: %+v", r)
	}
	c, ok := Ceiling(Reliability{Mean: .81, OK: true}, Reliability{Mean: .64, OK: true})
	near(t, "ceiling", c, .72, 1e-12)
	if _, bad := Ceiling(Reliability{Mean: -.1, OK: true}, Reliability{Mean: .5, OK: true}); bad || !ok {
		t.Error("a negative reliability has a ceiling")
	}
	// Unbalanced: the estimate must be close to the truth, variances 4 (between) and 1 (within).
	g := rng.New(0, "test.icc", 0)
	var values [][]float64
	for i := range 4000 {
		m := 2 * g.Norm()
		v := make([]float64, 2+i%4)
		for k := range v {
			v[k] = m + g.Norm()
		}
		values = append(values, v)
	}
	near(t, "unbalanced", ICC(values).Single, .8, .02)
}

func TestAccuracyOnTheLine(t *testing.T) {
	for p, want := range map[float64]float64{.9: 1.2815516, .95: 1.6448536, .99: 2.3263479} {
		near(t, "probit", Probit(p, 1_000_000), want, 5e-8)
	}
	if Probit(1, 100) != Probit(.995, 100) || math.IsInf(Probit(0, 50), 0) {
		t.Error("accuracies of 0 and 1 are not cut")
	}
	id, ood := []float64{.80, .85, .90, .95}, []float64{.60, .66, .74, .84}
	l := FitLine(id, ood, 1_000_000, 1_000_000)
	near(t, "slope", l.Slope, .9285474, 5e-8)
	near(t, "intercept", l.Intercept, -.5393888, 5e-8)
	near(t, "R2", l.R2, .9989294, 5e-8)
	near(t, "effective robustness", l.EffectiveRobustness(.9, .78, 1_000_000), .0376548, 5e-8)
	for _, c := range [][2][]float64{{{.8, .9}, {.5, .6}}, {{.8, .8, .8}, {.5, .6, .7}}} {
		if FitLine(c[0], c[1], 100, 100).OK {
			t.Errorf("a line through %v", c)
		}
	}
	// On a line without noise both fits agree; with noise in x alone least squares is flatter than Deming.
	d := FitLineDeming(id, ood, 1_000_000, 1_000_000, 1)
	near(t, "Deming", d.Slope, l.Slope, .002)
	g := rng.New(0, "test.line", 0)
	var x, y []float64
	for range 3000 {
		truth := .5 + .5*g.Norm()
		x = append(x, standardNormal.CDF(truth+.3*g.Norm()))
		y = append(y, standardNormal.CDF(truth+.3*g.Norm()))
	}
	near(t, "attenuated slope", FitLine(x, y, 1_000_000, 1_000_000).Slope, .25/(.25+.09), .03)
	near(t, "Deming slope", FitLineDeming(x, y, 1_000_000, 1_000_000, 1).Slope, 1, .05)
}

func TestFriedman(t *testing.T) {
	// Demšar (2006): N = 14, R = (3.143, 2.000, 2.893, 1.964).
	chi2 := FriedmanChi2([]float64{3.143, 2.000, 2.893, 1.964}, 14)
	near(t, "χ²", chi2, 9.2836, .006)
	near(t, "F", 13*chi2/(14*3-chi2), 3.689, .005)
	near(t, "CD .05", CriticalDifference(4, 14, .05), 1.2535, 5e-4)
	near(t, "CD .10", CriticalDifference(4, 14, .10), 1.1179, 5e-4)
	for k, want := range map[int][2]float64{2: {1.960, 1.645}, 3: {2.344, 2.052}, 4: {2.569, 2.291}, 5: {2.728, 2.460}, 10: {3.164, 2.920}} {
		near(t, "q.05", StudentizedRange(.95, k)/math.Sqrt2, want[0], 6e-4)
		near(t, "q.10", StudentizedRange(.90, k)/math.Sqrt2, want[1], 6e-4)
	}
	near(t, "q.05, k = 20 (scipy)", StudentizedRange(.95, 20)/math.Sqrt2, 3.5437991315177815, 5e-6)
	// scipy.stats.friedmanchisquare with ties.
	f := FriedmanTest([][]float64{{1, 2, 3}, {2, 2, 1}, {3, 1, 3}, {1, 3, 2}, {2, 3, 1}})
	near(t, "χ² with ties", f.Chi2, 0.7777777777777809, 1e-9)
	if f = FriedmanTest([][]float64{{1, 2}, {1, 2}, {1, 2}}); !math.IsInf(f.F, 1) || f.P != 0 || f.Ranks[0] != 1 {
		t.Errorf("all agree: %+v", f)
	}
	if FriedmanTest([][]float64{{1, 1}, {2, 2}}).OK || FriedmanTest([][]float64{{1, 2}}).OK || FriedmanTest(nil).OK {
		t.Error("defined without ranks")
	}
}

func TestProfile(t *testing.T) {
	inf := math.Inf(1)
	p := NewProfile([][]float64{{1, 2, 10}, {2, 2, 5}, {inf, 4, 5}})
	for i, want := range []float64{.8888889, .8888889, .5555556} {
		near(t, "score", p.Score[i], want, 5e-8)
	}
	for i, want := range []float64{2. / 3, 2. / 3, 1. / 3} {
		near(t, "share at 1", p.Share(i, 1), want, 1e-12)
	}
	p = NewProfile([][]float64{{1, inf}, {2, inf}})
	if !p.OK || p.Dropped[0] || !p.Dropped[1] || p.Score[0] != 1 || p.Share(1, 2) != 1 {
		t.Errorf("nobody reaches the second: %+v", p)
	}
	if NewProfile([][]float64{{inf}, {inf}}).OK || NewProfile(nil).OK {
		t.Error("defined without a workload")
	}
	v, ok := SpeedUp([]float64{1, 4}, []float64{2, 2})
	near(t, "speed-up", v, 1, 1e-12)
	if _, none := SpeedUp([]float64{1, inf}, []float64{2, 2}); none || !ok {
		t.Error("a speed-up over a target that was not reached")
	}
}

func TestAggregates(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want float64
	}{{[]float64{.1, .4, .5, .6, .7, .8, .9, 5}, .65}, {[]float64{1, 2, 3, 4, 10}, 3}, {[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 5.5}} {
		v, ok := IQM(c.x)
		near(t, "IQM", v, c.want, 1e-12)
		if !ok {
			t.Error("undefined")
		}
	}
	m, _ := Mean([]float64{.1, .4, .5, .6, .7, .8, .9, 5})
	near(t, "mean", m, 1.125, 1e-12)
	v, _ := WorstQuartile([]float64{1, 2, 3, 4, 5})
	near(t, "worst quartile", v, 4.5, 1e-12)
	v, _ = OptimalityGap([]float64{.5, 1.5, .75}, 1)
	near(t, "optimality gap", v, .25, 1e-12)
	p, _ := ProbabilityLower([]float64{3, 5, 7}, []float64{4, 5, 6})
	near(t, "P", p, .5, 1e-12)
	p, _ = ProbabilityLower([]float64{1, 2}, []float64{3, 4})
	near(t, "P", p, 1, 0)
	if _, ok := ProbabilityLower(nil, []float64{1}); ok {
		t.Error("P of nothing")
	}
	if _, ok := IQM(nil); ok {
		t.Error("IQM of nothing")
	}
	v, _ = MeanCorruptionError([][]float64{{.2, .4}}, [][]float64{{.25, .8}}, 0, 0)
	near(t, "relative to ref", v, .6/1.05, 1e-12)
	// The fixture has one severity a corruption.
	v, _ = MeanCorruptionError([][]float64{{.2}, {.4}}, [][]float64{{.25}, {.8}}, 0, 0)
	near(t, "mCE", v, .65, 1e-12)
	v, _ = MeanCorruptionError([][]float64{{.2}, {.4}}, [][]float64{{.25}, {.8}}, .1, .1)
	near(t, "relative mCE", v, .5476190, 5e-8)
	if _, ok := MeanCorruptionError([][]float64{{.2}}, [][]float64{{0}}, 0, 0); ok {
		t.Error("a reference without errors")
	}
	if v, at, ok := Worst([]float64{.1, .4, .2}); v != .4 || at != 1 || !ok {
		t.Errorf("worst %g at %d", v, at)
	}
	if _, _, ok := Worst(nil); ok {
		t.Error("worst of nothing")
	}
	e, ok := ExpectedBest([]float64{-1, -2, -3}, 2) // errors: the mirror image of (1,2,3), E_2 = 22/9
	near(t, "E_2", e, -22./9, 1e-12)
	e, _ = ExpectedBest([]float64{3, 1, 2}, 1)
	near(t, "E_1", e, 2, 1e-12)
	e, _ = ExpectedBest([]float64{3, 1, 2}, 1000)
	near(t, "E_1000", e, 1, 1e-12)
	if _, bad := ExpectedBest([]float64{1, math.NaN()}, 3); bad || !ok {
		t.Error("a diverged trial can be the best of three")
	}
}

func TestShots(t *testing.T) {
	// CIFAR-10-LT-100: 5000 … 50 examples. The absolute bounds would leave "few" empty.
	err, examples := make([]float64, 10), make([]int, 10)
	for c := range err {
		err[c] = float64(c) / 10
		examples[c] = int(5000 * math.Pow(0.01, float64(c)/9))
	}
	s := ByShots(err, examples)
	near(t, "many", s.Many.Value, .1, 1e-12)
	near(t, "medium", s.Medium.Value, .45, 1e-12)
	near(t, "few", s.Few.Value, .8, 1e-12)
	if s.Many.N != 3 || s.Medium.N != 4 || s.Few.N != 3 {
		t.Errorf("%+v", s)
	}
	err, examples = make([]float64, 20), make([]int, 20)
	for c := range err {
		examples[c] = []int{101, 100, 20}[c%3]
	}
	if s = ByShots(err, examples); s.Many.N != 7 || s.Medium.N != 13 || s.Few.OK {
		t.Errorf("absolute bounds: %+v", s)
	}
}

func TestPower(t *testing.T) {
	// scipy.stats.nct.
	for _, c := range []struct {
		n            int
		effect, want float64
	}{{3, .5, .0841070558963894}, {3, 1, .1792553937765518}, {5, .5, .14051668999029823}, {5, 1, .4013899173717953}, {8, 1, .6808339582062666}, {34, .5, .8077775012792737}} {
		near(t, "power", PairedPower(c.n, c.effect, .05), c.want, 1e-7)
	}
	for n, want := range map[int]float64{3: 3.2640435496995717, 5: 1.6819969659555598} {
		near(t, "detectable effect", DetectableEffect(n, .8, .05), want, 1e-6)
	}
	near(t, "no effect", PairedPower(8, 0, .05), .05, 1e-7)
	if !math.IsInf(DetectableEffect(1, .8, .05), 1) || PairedPower(1, 5, .05) != 0 {
		t.Error("one seed detects something")
	}
}
