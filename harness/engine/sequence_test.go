package engine

import (
	"math"
	"strings"
	"testing"
)

// sequences are the networks of the tests with layers that see an example as a sequence of positions: odd numbers of
// positions and channels, heads that fill no vector, layers as the first one, and images with zeros around them.
func sequences(t testing.TB) []network {
	var all []network
	for _, o := range []struct {
		name  string
		in    Shape
		build func(b *Builder)
	}{
		{"patches and positions", Shape{6, 9, 2}, func(b *Builder) {
			b.Patches("patch", 3, 7)
			b.Positions("position")
			b.NormAct("", "act", NoNorm, Tanh, false)
		}},
		{"patches behind a convolution", Shape{8, 4, 2}, func(b *Builder) {
			convNorm(b, "a", 3, 1, 4, NoNorm, Tanh)
			b.Patches("patch", 2, 8)
			convNorm(b, "b", 3, 1, 4, NoNorm, Identity)
		}},
		{"layer norm", Shape{2, 5, 3}, func(b *Builder) {
			b.LayerNorm("first")
			convNorm(b, "a", 1, 1, 8, NoNorm, GELU)
			b.LayerNorm("second")
			convNorm(b, "b", 3, 1, 11, NoNorm, Identity)
			b.LayerNorm("third")
			convNorm(b, "c", 3, 1, 5, NoNorm, Tanh)
		}},
		{"attention, heads of 8", Shape{4, 4, 3}, func(b *Builder) {
			convNorm(b, "qkv", 1, 1, 48, NoNorm, Identity)
			b.Attention(2)
			b.LayerNorm("norm")
			b.GlobalAvgPool()
		}},
		{"attention, heads of 5, between 3×3 convolutions", Shape{3, 7, 2}, func(b *Builder) {
			convNorm(b, "qkv", 3, 1, 45, NoNorm, Identity)
			b.Attention(3)
			convNorm(b, "out", 3, 1, 4, NoNorm, GELU)
		}},
		{"attention, keys of 3 and values of 10", Shape{1, 5, 4}, func(b *Builder) {
			convNorm(b, "qkv", 1, 1, 32, NoNorm, Identity)
			b.AttentionOf(2, 3)
			b.LayerNorm("norm")
		}},
		{"reversible normalisation around attention", Shape{1, 6, 9}, func(b *Builder) {
			b.Reversible("series", func(b *Builder) {
				b.Residual(func(b *Builder) {
					convNorm(b, "qkv", 1, 1, 15, NoNorm, Identity)
					b.AttentionOf(1, 3)
				}, nil, Identity)
				convNorm(b, "forecast", 1, 1, 5, NoNorm, Identity)
			})
		}},
		{"reversible normalisation around a 3×3 convolution", Shape{3, 4, 6}, func(b *Builder) {
			b.Reversible("series", func(b *Builder) {
				convNorm(b, "a", 3, 1, 8, BatchNorm, Tanh)
				b.Conv("b", 3, 1, 7)
			})
			convNorm(b, "c", 3, 1, 3, NoNorm, GELU)
		}},
		{"attention on the inputs", Shape{1, 6, 12}, func(b *Builder) { b.Attention(1) }},
		{"positions between 3×3 convolutions", Shape{3, 4, 2}, func(b *Builder) {
			convNorm(b, "a", 3, 1, 8, NoNorm, Tanh)
			b.Positions("position")
			b.Conv("b", 3, 1, 3)
		}},
		{"positions on the inputs", Shape{3, 4, 2}, func(b *Builder) { b.Positions("position") }},
		{"tokens", Shape{3, 5, 4}, func(b *Builder) {
			b.MixTokens("a", 2, 6, GELU)
			b.MixTokens("b", 3, 5, Identity)
			b.MixTokens("c", 1, 8, Tanh)
		}},
		{"tokens between 3×3 convolutions", Shape{4, 4, 2}, func(b *Builder) {
			convNorm(b, "a", 3, 1, 8, BatchNorm, Tanh)
			b.MixTokens("mix", 2, 4, GELU)
			convNorm(b, "b", 3, 1, 3, NoNorm, Identity)
			b.MixTokens("back", 4, 4, Identity)
			convNorm(b, "c", 3, 1, 3, NoNorm, ReLU)
		}},
	} {
		b := NewBuilder(o.in)
		o.build(b)
		b.Linear("fc", 3, true)
		n, err := b.Build()
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		all = append(all, network{o.name, n})
	}
	return all
}

// TestSequenceErrors checks that errors name the layer and say what is expected.
func TestSequenceErrors(t *testing.T) {
	b := NewBuilder(Shape{6, 9, 4})
	b.Patches("patch", 4, 8)
	b.Patches("none", 0, 0)
	b.Attention(2)
	b.Conv("qkv", 1, 1, 24)
	b.Attention(3)
	b.MixTokens("mix", 0, 4, GELU)
	b.MixTokens("cut", 1, 4, ReLU)
	b.AttentionOf(2, 6)
	b.Reversible("late", func(*Builder) {})
	b.Reversible("fewer", func(b *Builder) { b.GlobalAvgPool() })
	_, err := b.Build()
	want := []string{
		"patch: cannot cut 6×9×4 into patches of 4×4: height and width must be multiples",
		"none: patches of 0 pixels: expected at least 1",
		"none: 0 output channels: expected at least 1",
		"attention: 4 input channels: expected queries, keys and values of equal width",
		"attention: 3 heads do not divide 8 channels",
		"mix: 0×4 positions: expected at least 1×1",
		`cut: activation "relu": expected identity, tanh or gelu`,
		"attention: 24 input channels, 2 heads with queries and keys of 6: expected the rest to be values, a multiple of the heads",
		"late: reversible normalisation is for the network's inputs: expected the first layer",
		"late: its body has no layers",
		"fewer: reversible normalisation is for the network's inputs: expected the first layer",
		"fewer: its body gives 1×1 positions, its input has 6×9",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("error:\n%v\nwant:\n%s", err, strings.Join(want, "\n"))
	}
}

// TestLayerNormConstant checks positions whose channels are equal: their variance is 0 and the result is the shift.
func TestLayerNormConstant(t *testing.T) {
	for _, c := range []int{5, 16} {
		b := NewBuilder(Shape{2, 2, c})
		b.LayerNorm("norm")
		n, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		w, _, batch := example(n, 3, 1)
		for i := range batch.X {
			batch.X[i] = 1000.25
		}
		out := make([]float32, len(batch.X))
		NewMachine(n, 3).Outputs(w, nil, batch, Eval, out)
		for i, v := range out {
			if want := w[c+i%c]; v != want {
				t.Fatalf("element %d is %v, want %v", i, v, want)
			}
		}
	}
}

// TestAttentionLargeLogits checks that queries and keys so large that exponentials overflow pick one position.
func TestAttentionLargeLogits(t *testing.T) {
	b := NewBuilder(Shape{1, 3, 3})
	b.Attention(1)
	n, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	batch := Batch{X: []float32{
		// query, key, value
		300, 1, 5,
		300, 3, 6,
		-300, -2, 7,
	}, Y: []int32{0}}
	out := make([]float32, 3)
	NewMachine(n, 1).Outputs(nil, nil, batch, Eval, out)
	for i, want := range []float64{6, 6, 7} {
		if math.Abs(float64(out[i])-want) > 1e-6 {
			t.Errorf("position %d gets %v, want %v", i, out[i], want)
		}
	}
}

func (r *ref) patches(l *patches, w []float64, x image) image {
	y := newImage(l.out)
	for h := range l.out.H {
		for ww := range l.out.W {
			for o := range l.out.C {
				sum := w[l.bias+o]
				for kh := range l.size {
					for kw := range l.size {
						for ci := range l.in.C {
							sum += x[h*l.size+kh][ww*l.size+kw][ci] * w[l.weight+((kh*l.size+kw)*l.in.C+ci)*l.out.C+o]
						}
					}
				}
				y[h][ww][o] = sum
			}
		}
	}
	return y
}

// sequence lists the positions of an image row by row; fold is the way back.
func sequence(x image) [][]float64 {
	var all [][]float64
	for _, row := range x {
		all = append(all, row...)
	}
	return all
}

func folded(s Shape, x [][]float64) image {
	y := make(image, s.H)
	for h := range y {
		y[h] = x[h*s.W : (h+1)*s.W]
	}
	return y
}

func (r *ref) positions(l *positions, w []float64, x image) image {
	y := sequence(newImage(l.in))
	for p, from := range sequence(x) {
		for c, v := range from {
			y[p][c] = v + w[l.embed+p*l.in.C+c]
		}
	}
	return folded(l.in, y)
}

func (r *ref) layerNorm(l *layerNorm, w []float64, x image) image {
	y := sequence(newImage(l.in))
	for p, from := range sequence(x) {
		mean, variance := moments(from)
		for c, v := range from {
			y[p][c] = (v-mean)/math.Sqrt(variance+1e-5)*w[l.scale+c] + w[l.shift+c]
		}
	}
	return folded(l.in, y)
}

func (r *ref) reversible(l *reversible, w, buf []float64, x []image) []image {
	type moment struct{ mean, sigma float64 }
	all := make([][]moment, len(x))
	u := make([]image, len(x))
	for i := range x {
		to := sequence(newImage(l.body.input))
		for p, from := range sequence(x[i]) {
			mean, variance := moments(from)
			sigma := math.Sqrt(variance + 1e-5)
			all[i] = append(all[i], moment{mean, sigma})
			for t, v := range from {
				to[p][t] = (v-mean)/sigma*w[l.scale+p] + w[l.shift+p]
			}
		}
		u[i] = folded(l.body.input, to)
	}
	y := r.layers(l.body.layers, w, buf, u)
	for i := range y {
		to := sequence(newImage(l.shape()))
		for p, from := range sequence(y[i]) {
			for t, v := range from {
				to[p][t] = (v-w[l.shift+p])/(w[l.scale+p]+1e-10)*all[i][p].sigma + all[i][p].mean
			}
		}
		y[i] = folded(l.shape(), to)
	}
	return y
}

func (r *ref) attention(l *attention, x image) image {
	in, y := sequence(x), sequence(newImage(l.out))
	keys := l.heads * l.keys
	for o := range l.out.C {
		head := o / l.width
		for p := range y {
			var sum, weights float64
			for q := range y {
				var dot float64
				for k := head * l.keys; k < (head+1)*l.keys; k++ {
					dot += in[p][k] * in[q][keys+k]
				}
				weight := math.Exp(dot / math.Sqrt(float64(l.keys)))
				weights += weight
				sum += weight * in[q][2*keys+o]
			}
			y[p][o] = sum / weights
		}
	}
	return folded(l.out, y)
}

func (r *ref) mixTokens(l *mixTokens, w []float64, x image) image {
	in, y := sequence(x), sequence(newImage(l.out))
	for o := range y {
		for c := range l.in.C {
			sum := w[l.bias+o]
			for p := range in {
				sum += in[p][c] * w[l.weight+p*len(y)+o]
			}
			y[o][c] = r.activate(l.act, sum)
		}
	}
	return folded(l.out, y)
}
