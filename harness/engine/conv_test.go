package engine

import (
	"slices"
	"strings"
	"testing"
)

// network is one of the networks that the tests go over: the plans, and those that a plan cannot say.
type network struct {
	name string
	*Net
}

func (n network) String() string { return n.name }

func networks(t testing.TB) []network {
	var all []network
	for _, p := range plans {
		all = append(all, network{p.String(), p.build(t)})
	}
	for _, o := range []struct {
		name  string
		in    Shape
		build func(b *Builder)
	}{
		{"strides on an odd image", Shape{7, 9, 3}, func(b *Builder) {
			convNorm(b, "a", 3, 2, 8, GroupNorm, ReLU)
			convNorm(b, "b", 1, 1, 16, BatchNorm, ReLU)
			convNorm(b, "c", 3, 2, 8, BatchNorm, Tanh)
			b.GlobalAvgPool()
		}},
		{"strides on an even image", Shape{8, 6, 2}, func(b *Builder) {
			convNorm(b, "a", 3, 1, 5, BatchNorm, ReLU)
			convNorm(b, "b", 3, 2, 16, GroupNorm, ReLU)
			convNorm(b, "c", 1, 2, 8, NoNorm, GELU)
			convNorm(b, "d", 3, 2, 7, NoNorm, ReLU)
		}},
		{"convolutions without normalisation", Shape{5, 8, 2}, func(b *Builder) {
			b.Conv("a", 1, 2, 4)
			b.Conv("b", 3, 1, 6)
			b.Conv("c", 3, 2, 6)
			b.Conv("d", 1, 1, 3)
		}},
		{"lines of pixels", Shape{1, 9, 2}, func(b *Builder) {
			convNorm(b, "a", 3, 2, 8, BatchNorm, ReLU)
			convNorm(b, "b", 1, 2, 16, BatchNorm, ReLU)
			convNorm(b, "c", 3, 1, 8, GroupNorm, ReLU)
		}},
		{"convolutions of single pixels", Shape{3, 1, 9}, func(b *Builder) {
			b.Linear("a", 8, true)
			convNorm(b, "b", 3, 2, 8, GroupNorm, ReLU)
			convNorm(b, "c", 3, 1, 8, NoNorm, Tanh)
			b.GlobalAvgPool()
			convNorm(b, "d", 3, 1, 8, NoNorm, ReLU)
		}},
		{"residuals", Shape{6, 7, 3}, func(b *Builder) {
			convNorm(b, "a", 3, 1, 8, BatchNorm, ReLU)
			b.Residual(func(b *Builder) {
				convNorm(b, "b", 3, 1, 8, BatchNorm, ReLU)
				convNorm(b, "c", 3, 1, 8, BatchNorm, Identity)
			}, nil, ReLU)
			b.Residual(func(b *Builder) {
				convNorm(b, "d", 3, 2, 16, GroupNorm, ReLU)
				convNorm(b, "e", 3, 1, 16, GroupNorm, Identity)
			}, func(b *Builder) { convNorm(b, "f", 1, 2, 16, GroupNorm, Identity) }, ReLU)
			b.Residual(func(b *Builder) { convNorm(b, "g", 1, 1, 16, NoNorm, Identity) }, nil, Identity)
			b.GlobalAvgPool()
		}},
		{"residuals that nothing is joined with", Shape{5, 4, 2}, func(b *Builder) {
			b.Residual(func(b *Builder) {
				convNorm(b, "a", 3, 1, 4, NoNorm, Tanh)
				b.Conv("b", 3, 1, 2)
			}, nil, GELU)
			b.Residual(func(b *Builder) {
				b.Residual(func(b *Builder) { convNorm(b, "c", 3, 1, 2, GroupNorm, ReLU) }, nil, ReLU)
				b.Linear("d", 5, true)
			}, func(b *Builder) {
				b.Conv("e0", 1, 1, 2)
				b.Linear("e", 5, false)
			}, Tanh)
			b.Residual(func(b *Builder) { b.Linear("f", 5, true) }, nil, Identity)
			b.Residual(func(b *Builder) {
				b.NormAct("norm f", "f", BatchNorm, Tanh, false)
				b.Linear("g", 5, true)
			}, func(b *Builder) { convNorm(b, "h", 1, 1, 5, NoNorm, Identity) }, ReLU)
		}},
		{"a residual on the inputs", Shape{5, 4, 4}, func(b *Builder) {
			b.Residual(func(b *Builder) { convNorm(b, "a", 3, 1, 4, NoNorm, Identity) }, nil, ReLU)
			b.Residual(func(b *Builder) { convNorm(b, "b", 3, 2, 7, GroupNorm, GELU) },
				func(b *Builder) {
					convNorm(b, "c", 1, 2, 8, BatchNorm, ReLU)
					b.Conv("d", 3, 1, 7)
				}, ReLU)
			b.GlobalAvgPool()
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
	return slices.Concat(all, sequences(t), cosines(t))
}

func convNorm(b *Builder, name string, kernel, stride, out int, norm Norm, act Activation) {
	b.Conv(name, kernel, stride, out)
	b.NormAct("norm "+name, name, norm, act, false)
}

func TestConvErrors(t *testing.T) {
	b := NewBuilder(Shape{8, 8, 3})
	b.Conv("large", 5, 1, 8)
	b.Conv("long", 3, 3, 8)
	b.Conv("empty", 2, 0, 0)
	_, err := b.Build()
	want := []string{
		"large: kernel 5×5: expected 1×1 or 3×3",
		"long: stride 3: expected 1 or 2",
		"empty: kernel 2×2: expected 1×1 or 3×3",
		"empty: stride 0: expected 1 or 2",
		"empty: 0 output channels: expected at least 1",
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("error:\n%v\nwant:\n%s", err, strings.Join(want, "\n"))
	}
}
