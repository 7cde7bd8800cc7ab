package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ulps is |got-want| in units of the last place of want as a float32, of which the least is the smallest number.
func ulps(got float32, want float64) float64 {
	_, e := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(e-24, -149))
}

var functionTests = []struct {
	name  string
	f     func(dst, x []float32)
	exact func(float64) float64
	// The largest errors: in units of the last place, or absolute where the value passes through 0 and cancels.
	ulps, absolute float64
	minus, plus    float64 // the limits at infinity
}{
	{"Exp", Exp, math.Exp, 1, 0, 0, math.Inf(1)},
	{"Tanh", Tanh, math.Tanh, 2, 0, -1, 1},
	{"TanhGrad", TanhGrad, tanhGradOf, 4.5, 0, 0, 0},
	{"TanhSecond", TanhSecond, tanhSecondOf, 6, 0, 0, 0},
	{"GELU", GELU, geluOf, 6.5, 0, 0, math.Inf(1)},
	{"GELUGrad", GELUGrad, geluGradOf, 8, 1.5e-7, 0, 1},
	{"GELUSecond", GELUSecond, geluSecondOf, 6, 1.5e-7, 0, 0},
}

// TestFunctions compares with float64 over all float32 (every 9001st bit pattern), and more densely where values are
// neither 0 nor constant.
func TestFunctions(t *testing.T) {
	var x []float32
	for bits := uint64(0); bits < 1<<32; bits += 9001 {
		if v := math.Float32frombits(uint32(bits)); v == v && !math.IsInf(float64(v), 0) {
			x = append(x, v)
		}
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 150000 {
		x = append(x, 20*(2*r.Float32()-1), 2*r.Float32()-1, 110*(2*r.Float32()-1))
	}
	y := make([]float32, len(x))
	for _, f := range functionTests {
		for _, isa := range isas() {
			restore := Use(isa)
			f.f(y, x)
			worst, worstAbs := 0.0, 0.0
			for i, v := range x {
				want := f.exact(float64(v))
				abs := math.Abs(float64(y[i]) - want)
				u := ulps(y[i], want)
				if math.Abs(want) > math.MaxFloat32 { // overflows
					if abs, u = 0, 0; y[i] < math.MaxFloat32 {
						u = math.Inf(1)
					}
				}
				if !(u <= f.ulps || abs <= f.absolute) {
					t.Fatalf("%v: %s(%v) is %v, want %v: %.2f ulp", isa, f.name, v, y[i], want, u)
				}
				if abs > f.absolute && u > worst {
					worst = u
				}
				if math.Abs(want) < 4 {
					worstAbs = max(worstAbs, abs)
				}
			}
			t.Logf("%s, %v: at most %.2f ulp; %.2g absolute", f.name, isa, worst, worstAbs)
			limits := []float32{float32(math.Inf(-1)), float32(math.Inf(1)), float32(math.NaN())}
			f.f(limits, limits)
			if float64(limits[0]) != f.minus || float64(limits[1]) != f.plus || limits[2] == limits[2] {
				t.Errorf("%v: %s of -Inf, Inf, NaN is %v", isa, f.name, limits)
			}
			// Every length gives the same bits, in place too, and nothing else is written.
			for n := range 35 {
				long := append([]float32(nil), x[:n+2]...)
				f.f(long[:n], long[:n])
				sameBits(t, f.name, long[:n], y[:n])
				sameBits(t, f.name+" behind the end", long[n:], x[n:n+2])
			}
			restore()
		}
	}
}

func TestSoftmax(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for cols := 1; cols <= 70; cols++ {
		const rows = 3
		x := make([]float32, rows*cols+5)
		for i := range x {
			x[i] = float32(5 * r.NormFloat64())
		}
		if cols > 3 {
			x[cols+1] = float32(math.Inf(-1))
			x[cols+2] = -300
			x[2*cols] = 2e38
		}
		for _, isa := range isas() {
			restore := Use(isa)
			y := append([]float32(nil), x...)
			Softmax(y[:rows*cols], cols)
			restore()
			sameBits(t, "behind the end", y[rows*cols:], x[rows*cols:])
			for i := range rows {
				most := math.Inf(-1)
				for _, v := range x[i*cols : (i+1)*cols] {
					most = max(most, float64(v))
				}
				var sum float64
				for _, v := range x[i*cols : (i+1)*cols] {
					sum += math.Exp(float64(v) - most)
				}
				for j, v := range x[i*cols : (i+1)*cols] {
					// The difference to the maximum is rounded once: half a unit of up to 64.
					want := math.Exp(float64(v)-most) / sum
					if got := y[i*cols+j]; ulps(got, want) > 36 || math.Abs(float64(got)-want) > 2e-7 {
						t.Fatalf("%v, %d columns: element %d of row %d is %v, want %v", isa, cols, j, i, got, want)
					}
				}
			}
		}
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, isa := range isas() {
		defer Use(isa)()
		for _, cols := range []int{5, 8, 19} {
			for _, bad := range []float32{nan, inf} {
				for at := range cols {
					x := make([]float32, 2*cols)
					x[at] = bad
					Softmax(x, cols)
					for j, v := range x {
						if j < cols && v == v || j >= cols && math.Abs(float64(v)*float64(cols)-1) > 1e-6 {
							t.Fatalf("%v, %d columns, %v at %d: element %d is %v", isa, cols, bad, at, j, v)
						}
					}
				}
			}
		}
		// A row of -Inf alone.
		x := []float32{-inf, -inf, 0, 1}
		Softmax(x, 2)
		if x[0] == x[0] || x[1] == x[1] || x[2] != x[2] {
			t.Errorf("%v: %v", isa, x)
		}
	}
}

func TestMultiplyAndAdd(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	for n := range 40 {
		x, y := spiced(r, n, true), spiced(r, n+1, true)
		want, sum := append([]float32(nil), y...), append([]float32(nil), y...)
		for i := range x {
			want[i] *= x[i]
			sum[i] += x[i]
		}
		for _, isa := range isas() {
			restore := Use(isa)
			got := append([]float32(nil), y...)
			Multiply(got[:n], x)
			sameBits(t, isa.String()+" product", got, want)
			copy(got, y)
			Add(got[:n], x)
			sameBits(t, isa.String()+" sum", got, sum)
			restore()
		}
	}
}

func BenchmarkFunction(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x, y := random(r, 4096), make([]float32, 4096)
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(len(x)), "ns/element")
		})
	}
	for _, f := range functionTests {
		run(f.name, func() { f.f(y, x) })
	}
	run("Softmax 64", func() { copy(y, x); Softmax(y, 64) })
}
