package dataset

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

func makeData(t *testing.T, name string, o map[string]float64) *Data {
	t.Helper()
	s := Spec{Name: name, Options: o}
	for k, v := range o {
		if message := s.OptionProblem(k, v); message != "" {
			t.Fatal(message)
		}
	}
	d, err := Make(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Train.check(max(len(d.Classes), 1)); err != nil {
		t.Fatal(err)
	}
	return d
}

// rows returns inputs and targets of a part.
func rows(im *Images) (x, y [][]float64) {
	wide := func(v []float32) []float64 {
		w := make([]float64, len(v))
		for i, e := range v {
			w[i] = float64(e)
		}
		return w
	}
	for i := range im.Len() {
		x = append(x, wide(im.Values[i*im.Size():(i+1)*im.Size()]))
		if im.Outputs > 0 {
			y = append(y, wide(im.Target(i)))
		}
	}
	return x, y
}

// proportion is a share with its standard error.
func proportion(wrong, n int) (p, se float64) {
	p = float64(wrong) / float64(n)
	return p, math.Sqrt(p*(1-p)/float64(n)) + 1e-9
}

// TestMixtureError compares the closed form with the best classifier on drawn examples, and with Φ(-‖μ₁-μ₂‖/2σ) for two classes.
func TestMixtureError(t *testing.T) {
	for _, c := range []struct {
		classes    int
		separation float64
	}{{2, 2}, {4, 3}, {10, 2.5}} {
		d := makeData(t, "mixture", map[string]float64{"classes": float64(c.classes), "separation": c.separation, "test": 20000, "examples": 10})
		x, _ := rows(&d.Test)
		wrong := 0
		for i, row := range x {
			// The means have one length, so the most likely class is that of the largest coordinate among their axes.
			best := 0
			for k := range c.classes {
				if row[k] > row[best] {
					best = k
				}
			}
			if best != int(d.Test.Labels[i]) {
				wrong++
			}
		}
		want := MixtureError(c.classes, c.separation)
		if got, se := proportion(wrong, len(x)); math.Abs(got-want) > 4*se {
			t.Errorf("%d classes: error %.4f ± %.4f, want %.4f", c.classes, got, se, want)
		}
		if c.classes == 2 {
			if exact := distuv.UnitNormal.CDF(-c.separation / math.Sqrt2); math.Abs(want-exact) > 1e-9 {
				t.Errorf("two classes: %v, want %v", want, exact)
			}
		}
	}
}

// TestMixtureTail: shares fall geometrically in the training part, and not in the test part.
func TestMixtureTail(t *testing.T) {
	d := makeData(t, "mixture", map[string]float64{"classes": 3, "tail": 0.01, "examples": 1110, "test": 300})
	if got := d.Train.count(3); !slices.Equal(got, []int{1000, 100, 10}) {
		t.Errorf("training counts %v, want 1000, 100, 10", got)
	}
	if got := d.Test.count(3); !slices.Equal(got, []int{100, 100, 100}) {
		t.Errorf("test counts %v, want 100 each", got)
	}
}

// TestRegressionRisk: the risk of an arbitrary model is that on drawn examples, at the training's scale and at others, and the
// best model's is the noise.
func TestRegressionRisk(t *testing.T) {
	for _, scale := range []float64{1, 4} {
		o := map[string]float64{"dim": 8, "decay": 1, "noise": 0.5, "scale": scale, "examples": 10, "test": 40000, "draw": 3}
		d := makeData(t, "regression", o)
		x, y := rows(&d.Test)
		w := make([]float64, 8)
		for j := range w {
			w[j] = 0.3 * float64(j%3)
		}
		best := RegressionWeights(8, 3)
		for name, c := range map[string]struct {
			w    []float64
			bias float64
		}{"some": {w, 0.2}, "best": {best, 0}} {
			var sum, square float64
			for i := range x {
				e := y[i][0] - c.bias
				for j, v := range x[i] {
					e -= c.w[j] * v
				}
				sum += e * e
				square += e * e * e * e
			}
			n := float64(len(x))
			mean := sum / n
			se := math.Sqrt((square/n - mean*mean) / n)
			want := RegressionRisk(Spec{Name: "regression", Options: o}, c.w, c.bias)
			if math.Abs(mean-want) > 4*se {
				t.Errorf("scale %v, %s: %.4f ± %.4f, want %.4f", scale, name, mean, se, want)
			}
			if name == "best" && math.Abs(want-0.25) > 1e-12 {
				t.Errorf("the best model's risk is %v, want the variance of the noise", want)
			}
		}
	}
}

// TestParity: the class is the product of the first signs, and wrong labels are as many as asked for.
func TestParity(t *testing.T) {
	d := makeData(t, "parity", map[string]float64{"dim": 12, "bits": 3, "noise": 0.2, "examples": 5000})
	wrong := func(im *Images) (n int) {
		x, _ := rows(im)
		for i, row := range x {
			if odd := row[0]*row[1]*row[2] < 0; odd != (im.Labels[i] == 1) {
				n++
			}
		}
		return n
	}
	if p, se := proportion(wrong(&d.Train), 5000); math.Abs(p-0.2) > 4*se {
		t.Errorf("%.3f of the training labels are wrong, want 0.2", p)
	}
	if n := wrong(&d.Test); n > 0 {
		t.Errorf("%d test labels are wrong", n)
	}
}

// TestOpposing: the large input has one size and both signs, the target does not depend on it, and least squares on the rest
// is exact.
func TestOpposing(t *testing.T) {
	d := makeData(t, "opposing", map[string]float64{"dim": 5, "strength": 7})
	x, y := rows(&d.Train)
	plus, with := 0, 0.0
	a, b := mat.NewDense(len(x), 5, nil), mat.NewVecDense(len(x), nil)
	for i, row := range x {
		if math.Abs(row[5]) != 7 {
			t.Fatalf("the large input is %v", row[5])
		}
		if row[5] > 0 {
			plus++
		}
		with += row[5] * y[i][0]
		a.SetRow(i, row[:5])
		b.SetVec(i, y[i][0])
	}
	if p, se := proportion(plus, len(x)); math.Abs(p-0.5) > 4*se {
		t.Errorf("%.3f of the signs are +", p)
	}
	if c := with / float64(len(x)) / 7; math.Abs(c) > 4/math.Sqrt(float64(len(x))) {
		t.Errorf("the large input goes with the target: correlation %.3f", c)
	}
	var w, rest mat.VecDense
	if err := w.SolveVec(a, b); err != nil {
		t.Fatal(err)
	}
	rest.MulVec(a, &w)
	rest.SubVec(&rest, b)
	if norm := mat.Norm(&w, 2); math.Abs(norm-1) > 1e-5 || mat.Norm(&rest, 2) > 1e-4 {
		t.Errorf("least squares leaves %v and has norm %v", mat.Norm(&rest, 2), norm)
	}
}

// TestLinearForecast: least squares per time comes to the known error 1 + length/(n·series), and parts are fixed.
func TestLinearForecast(t *testing.T) {
	const series, length, horizon, n = 3, 12, 4, 400
	d := makeData(t, "linear-forecast", map[string]float64{"series": series, "length": length, "horizon": horizon, "examples": n, "held": 50, "test": 2000})
	gather := func(im *Images, n int) (a, b *mat.Dense) {
		x, y := rows(im)
		a, b = mat.NewDense(n*series, length, nil), mat.NewDense(n*series, horizon, nil)
		for i := range n {
			for s := range series {
				a.SetRow(i*series+s, x[i][s*length:(s+1)*length])
				b.SetRow(i*series+s, y[i][s*horizon:(s+1)*horizon])
			}
		}
		return a, b
	}
	a, b := gather(&d.Train, n)
	var w, rest mat.Dense
	if err := w.Solve(a, b); err != nil {
		t.Fatal(err)
	}
	a, b = gather(&d.Test, 2000)
	rest.Mul(a, &w)
	rest.Sub(&rest, b)
	got := math.Pow(mat.Norm(&rest, 2), 2) / (2000 * series * horizon)
	want := 1 + float64(length)/(n*series)
	if se := math.Sqrt(2.0 / (2000 * series * horizon)); math.Abs(got-want) > 4*se {
		t.Errorf("least squares comes to %.4f, want %.4f ± %.4f", got, want, se)
	}
	s, err := d.Split(7, 100, 50, true)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Max(s.Train) >= n || slices.Min(s.Validation) < n || len(s.Train) != 100 || len(s.Validation) != 50 {
		t.Errorf("the split mixes the fixed parts: training up to %d, validation from %d", slices.Max(s.Train), slices.Min(s.Validation))
	}
	if _, err := d.Split(7, 100, 51, true); err == nil {
		t.Error("more validation examples than there are were given")
	}
}

// TestTurned: the examples of a series have one position a channel.
func TestTurned(t *testing.T) {
	got := turned([]float32{9}, []float32{1, 11, 2, 12, 3, 13}, 2)
	if !slices.Equal(got, []float32{9, 1, 2, 3, 11, 12, 13}) {
		t.Errorf("got %v", got)
	}
}

// TestMadeIsTheSame: the same options give the same data, another draw other data, and digests tell them apart.
func TestMadeIsTheSame(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"mixture", "regression", "parity", "opposing", "linear-forecast"} {
		small := map[string]float64{"examples": 20, "test": 10}
		if name == "linear-forecast" {
			small["held"] = 5
		}
		a, b := makeData(t, name, small), makeData(t, name, small)
		if a.Digest != b.Digest {
			t.Errorf("%s: two digests for the same options", name)
		}
		small["draw"] = 1
		if c := makeData(t, name, small); c.Digest == a.Digest {
			t.Errorf("%s: another draw has the same digest", name)
		}
		if other, ok := seen[a.Digest]; ok {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[a.Digest] = name
		// A part chosen from it gives the same examples.
		part := a.Train.Select([]int{7, 3})
		from := func(im *Images, i int) ([]float32, []float32) {
			x := im.Values[i*im.Size() : (i+1)*im.Size()]
			if im.Outputs == 0 {
				return x, nil
			}
			return x, im.Target(i)
		}
		x, y := from(part, 1)
		wantX, wantY := from(&a.Train, 3)
		if !slices.Equal(x, wantX) || !slices.Equal(y, wantY) || part.Labels[1] != a.Train.Labels[3] {
			t.Errorf("%s: Select gives other examples", name)
		}
	}
}
