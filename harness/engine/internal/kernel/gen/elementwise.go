package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS.
const (
	cmpUnordered = 0x03
	cmpLessEqual = 0x12
	cmpGreater   = 0x1e
)

// elementwise writes the passes over pixels. They use AVX2 only: they wait for memory, and one version has one result.
func elementwise() {
	for _, n := range []int{8, 16, 32} {
		sums(n)
	}
	for _, n := range []int{8, 16} {
		squaredDeviations(n)
		gradSums(n)
		reluGradSums(n)
	}
	maskGrad()
	affinePass("affine8", "Apply", false)
	affinePass("relu8", "ReLU", true)
	reluPool()
	pool()
	spreadGrad()
	reluSpread()
	poolGrad()
}

func begin(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Doc(doc)
	Pragma("noescape")
}

func end() {
	VZEROUPPER()
	RET()
}

func ymms(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = YMM()
	}
	return v
}

func param(name string) reg.Register { return Load(Param(name), GP64()) }

func mem(base reg.Register, disp int) Mem { return Mem{Base: base, Disp: disp} }

func zero(v ...reg.VecVirtual) {
	for _, x := range v {
		VXORPS(x, x, x)
	}
}

// sums: accumulators of 4 channels each in float64.
func sums(channels int) {
	name := map[int]string{8: "sums8", 16: "sums16", 32: "sums32"}[channels]
	begin(name, "func(x *float32, pixels, stride int, sum *float64)", name+" is Sums for as many channels of pixels that are stride bytes apart.")
	x, n, stride, sum := param("x"), param("pixels"), param("stride"), param("sum")
	acc := ymms(channels / 4)
	for i, a := range acc {
		VMOVUPD(mem(sum, 32*i), a)
	}
	t := ymms(min(len(acc), 4))
	Label("loop")
	for i, a := range acc {
		VCVTPS2PD(mem(x, 16*i), t[i%len(t)])
		VADDPD(t[i%len(t)], a, a)
	}
	ADDQ(stride, x)
	DECQ(n)
	JNZ(LabelRef("loop"))
	for i, a := range acc {
		VMOVUPD(a, mem(sum, 32*i))
	}
	end()
}

func squaredDeviations(channels int) {
	name := map[int]string{8: "squaredDeviations8", 16: "squaredDeviations16"}[channels]
	begin(name, "func(x *float32, pixels, stride int, mean, sum *float64)", name+" is SquaredDeviations for as many channels.")
	x, n, stride, mean, sum := param("x"), param("pixels"), param("stride"), param("mean"), param("sum")
	acc, m, t := ymms(channels/4), ymms(channels/4), ymms(channels/4)
	for i := range acc {
		VMOVUPD(mem(sum, 32*i), acc[i])
		VMOVUPD(mem(mean, 32*i), m[i])
	}
	Label("loop")
	for i := range acc {
		VCVTPS2PD(mem(x, 16*i), t[i])
		VSUBPD(m[i], t[i], t[i])
		VMULPD(t[i], t[i], t[i])
		VADDPD(t[i], acc[i], acc[i])
	}
	ADDQ(stride, x)
	DECQ(n)
	JNZ(LabelRef("loop"))
	for i := range acc {
		VMOVUPD(acc[i], mem(sum, 32*i))
	}
	end()
}

func gradSums(channels int) {
	name := map[int]string{8: "gradSums8", 16: "gradSums16"}[channels]
	begin(name, "func(d, x *float32, pixels, stride int, mean, s1, s2 *float64)", name+" is GradSums for as many channels.")
	d, x, n, stride := param("d"), param("x"), param("pixels"), param("stride")
	mean, s1, s2 := param("mean"), param("s1"), param("s2")
	a1, a2 := ymms(channels/4), ymms(channels/4)
	for i := range a1 {
		VMOVUPD(mem(s1, 32*i), a1[i])
		VMOVUPD(mem(s2, 32*i), a2[i])
	}
	dv, xv := ymms(2), ymms(2)
	Label("loop")
	PREFETCHT0(mem(d, ahead))
	PREFETCHT0(mem(x, ahead))
	for i := range a1 {
		g, v := dv[i%2], xv[i%2]
		VCVTPS2PD(mem(d, 16*i), g)
		VCVTPS2PD(mem(x, 16*i), v)
		VSUBPD(mem(mean, 32*i), v, v)
		VADDPD(g, a1[i], a1[i])
		VMULPD(v, g, v)
		VADDPD(v, a2[i], a2[i])
	}
	ADDQ(stride, x)
	ADDQ(stride, d)
	DECQ(n)
	JNZ(LabelRef("loop"))
	for i := range a1 {
		VMOVUPD(a1[i], mem(s1, 32*i))
		VMOVUPD(a2[i], mem(s2, 32*i))
	}
	end()
}

func reluGradSums(channels int) {
	name := map[int]string{8: "reluGradSums8", 16: "reluGradSums16"}[channels]
	begin(name, "func(dy, x *float32, pixels, stride int, mean, scale, shift *float32, center, s1, s2 *float64)",
		name+" is Affine.ReLUGradSums for as many channels; center is the mean in float64.")
	dy, x, n, stride := param("dy"), param("x"), param("pixels"), param("stride")
	mean, scale, shift := param("mean"), param("scale"), param("shift")
	center, s1, s2 := param("center"), param("s1"), param("s2")
	a1, a2 := ymms(channels/4), ymms(channels/4)
	for i := range a1 {
		VMOVUPD(mem(s1, 32*i), a1[i])
		VMOVUPD(mem(s2, 32*i), a2[i])
	}
	none := YMM()
	zero(none)
	z, g, v := YMM(), YMM(), YMM()
	high := XMM()
	Label("loop")
	PREFETCHT0(mem(dy, ahead))
	PREFETCHT0(mem(x, ahead))
	for i := 0; i < len(a1); i += 2 {
		VMOVUPS(mem(x, 16*i), z)
		affine(z, mem(mean, 16*i), mem(scale, 16*i), mem(shift, 16*i))
		VCMPPS(Imm(cmpLessEqual), none, z, z)
		VANDNPS(mem(dy, 16*i), z, z)
		VEXTRACTF128(Imm(1), z, high)
		for k, half := range []reg.VecVirtual{z.AsX().(reg.VecVirtual), high} {
			VCVTPS2PD(half, g)
			VCVTPS2PD(mem(x, 16*(i+k)), v)
			VSUBPD(mem(center, 32*(i+k)), v, v)
			VADDPD(g, a1[i+k], a1[i+k])
			VMULPD(v, g, v)
			VADDPD(v, a2[i+k], a2[i+k])
		}
	}
	ADDQ(stride, x)
	ADDQ(stride, dy)
	DECQ(n)
	JNZ(LabelRef("loop"))
	for i := range a1 {
		VMOVUPD(a1[i], mem(s1, 32*i))
		VMOVUPD(a2[i], mem(s2, 32*i))
	}
	end()
}

func maskGrad() {
	begin("maskGrad8", "func(y, dy, d *float32, vectors int)", "maskGrad8 is MaskGrad for vectors of 8 elements.")
	y, dy, d, n := param("y"), param("dy"), param("d"), param("vectors")
	v, z := YMM(), YMM()
	zero(z)
	Label("loop")
	for _, p := range []reg.Register{y, dy, d} {
		PREFETCHT0(mem(p, ahead))
	}
	VMOVUPS(mem(y, 0), v)
	VCMPPS(Imm(cmpLessEqual), z, v, v)
	VANDNPS(mem(dy, 0), v, v)
	VMOVUPS(v, mem(d, 0))
	for _, p := range []reg.Register{y, dy, d} {
		ADDQ(Imm(32), p)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}

// affine turns x into (x-m)*a + b in place.
func affine(x reg.VecVirtual, m, a, b Op) {
	VSUBPS(m, x, x)
	VMULPS(a, x, x)
	VADDPS(b, x, x)
}

// ahead is how many bytes before their use the passes fetch what a batch of images has: rows of an image begin at new
// pages, where the processor's own prefetching starts afresh. Twice the bytes of a row would be the right distance for
// pairs of rows; this is it for rows of 4 KiB, and a multiple for shorter ones.
const ahead = 8192

// eachBlock runs do for every block of 8 channels of the pixels of a row: one and two are pointers to a block, which move
// by one or two pixels a round, which one to bytes or nil. Channels behind the blocks are left out. vector is the block j
// of the vector of one element a channel that begins at base. The parameters are pixels, stride (the bytes of a pixel),
// channels (those in blocks) and rest (the others).
func eachBlock(one, two []reg.Register, which reg.Register, do func(stride reg.Register, vector func(base reg.Register) Mem)) {
	n, stride, channels, j := param("pixels"), param("stride"), param("channels"), GP64()
	Label("pixel")
	XORQ(j, j)
	Label("block")
	do(stride, func(base reg.Register) Mem { return Mem{Base: base, Index: j, Scale: 4} })
	for _, p := range append(append([]reg.Register(nil), one...), two...) {
		ADDQ(Imm(32), p)
	}
	if which != nil {
		ADDQ(Imm(8), which)
	}
	ADDQ(Imm(8), j)
	CMPQ(j, channels)
	JLT(LabelRef("block"))
	Load(Param("rest"), j)
	for _, p := range one {
		LEAQ(Mem{Base: p, Index: j, Scale: 4}, p)
	}
	for _, p := range two {
		ADDQ(stride, p)
		LEAQ(Mem{Base: p, Index: j, Scale: 4}, p)
	}
	if which != nil {
		ADDQ(j, which)
	}
	DECQ(n)
	JNZ(LabelRef("pixel"))
	end()
}

const blocks = " for the channels that fill blocks of 8; rest are the others, stride is the bytes of one pixel."

func affinePass(name, method string, relu bool) {
	begin(name, "func(x, y *float32, pixels, stride, channels, rest int, mean, scale, shift *float32)",
		name+" is Affine."+method+blocks)
	x, y, mean, scale, shift := param("x"), param("y"), param("mean"), param("scale"), param("shift")
	v, z := YMM(), YMM()
	zero(z)
	eachBlock([]reg.Register{x, y}, nil, nil, func(stride reg.Register, vector func(base reg.Register) Mem) {
		PREFETCHT0(mem(x, ahead))
		VMOVUPS(mem(x, 0), v)
		affine(v, vector(mean), vector(scale), vector(shift))
		if relu {
			VMAXPS(v, z, v) // the second source, v, where either is NaN
		}
		VMOVUPS(v, mem(y, 0))
	})
}

// constants makes vectors of 8 integers 1, 2 and 3.
func constants() []reg.VecVirtual {
	one, two, three := YMM(), YMM(), YMM()
	VPCMPEQD(one, one, one)
	VPSRLD(Imm(31), one, one)
	VPADDD(one, one, two)
	VPADDD(one, two, three)
	return []reg.VecVirtual{one, two, three}
}

func reluPool() {
	begin("reluPool8", "func(top, bottom, y, at *float32, which *uint8, pixels, stride, channels, rest int, mean, scale, shift *float32)",
		"reluPool8 is Affine.ReLUPool"+blocks)
	top, bottom, y, at, which := param("top"), param("bottom"), param("y"), param("at"), param("which")
	mean, scale, shift := param("mean"), param("scale"), param("shift")
	place := constants()
	none := YMM()
	zero(none)
	eachBlock([]reg.Register{y, at}, []reg.Register{top, bottom}, which, func(stride reg.Register, vector func(base reg.Register) Mem) {
		m, a, b := YMM(), YMM(), YMM()
		VMOVUPS(vector(mean), m)
		VMOVUPS(vector(scale), a)
		VMOVUPS(vector(shift), b)
		best, from, where := YMM(), YMM(), YMM()
		x, z, greater, nan := YMM(), YMM(), YMM(), YMM()
		for _, p := range []reg.Register{top, bottom} {
			PREFETCHT0(mem(p, ahead))
			PREFETCHT0(Mem{Base: p, Index: stride, Scale: 1, Disp: ahead})
		}
		VMOVUPS(mem(top, 0), from)
		VMOVAPS(from, best)
		affine(best, m, a, b)
		zero(where)
		// One comparison finds a NaN in either of two vectors: z of the first two places, then of the last two.
		var last reg.VecVirtual
		for i, src := range []Mem{
			{Base: top, Index: stride, Scale: 1}, {Base: bottom}, {Base: bottom, Index: stride, Scale: 1},
		} {
			VMOVUPS(src, x)
			VMOVAPS(x, z)
			affine(z, m, a, b)
			switch i {
			case 0:
				VCMPPS(Imm(cmpUnordered), z, best, nan)
			case 1:
				last = YMM()
				VMOVAPS(z, last)
			case 2:
				VCMPPS(Imm(cmpUnordered), z, last, last)
				VORPS(last, nan, nan)
			}
			VCMPPS(Imm(cmpGreater), best, z, greater)
			VBLENDVPS(greater, z, best, best)
			VBLENDVPS(greater, x, from, from)
			VBLENDVPS(greater, place[i], where, where)
		}
		VORPS(nan, best, best) // all bits set are a NaN
		VMAXPS(best, none, best)
		VMOVUPS(best, mem(y, 0))
		VMOVUPS(from, mem(at, 0))
		storePlaces(where, which)
	})
}

func pool() {
	begin("pool8", "func(z, x, y, at *float32, which *uint8, pixels, stride, line int)",
		"pool8 is Pool for 8 channels and a number of pooled pixels; stride is the bytes of one pixel, line those of a row.")
	z, x, y, at, which := param("z"), param("x"), param("y"), param("at"), param("which")
	n, stride, line := param("pixels"), param("stride"), param("line")
	place := constants()
	step, diagonal := GP64(), GP64()
	MOVQ(stride, step)
	SHRQ(Imm(2), step) // bytes of one pixel of which
	LEAQ(Mem{Base: line, Index: stride, Scale: 1}, diagonal)
	Label("loop")
	best, from, where := YMM(), YMM(), YMM()
	v, greater, nan := YMM(), YMM(), YMM()
	VMOVUPS(mem(z, 0), best)
	VMOVUPS(mem(x, 0), from)
	zero(where)
	VCMPPS(Imm(cmpUnordered), best, best, nan)
	for i, offset := range []reg.Register{stride, line, diagonal} {
		VMOVUPS(Mem{Base: z, Index: offset, Scale: 1}, v)
		other := YMM()
		VCMPPS(Imm(cmpUnordered), v, v, other)
		VORPS(other, nan, nan)
		VCMPPS(Imm(cmpGreater), best, v, greater)
		VBLENDVPS(greater, v, best, best)
		VBLENDVPS(greater, Mem{Base: x, Index: offset, Scale: 1}, from, from)
		VBLENDVPS(greater, place[i], where, where)
	}
	VORPS(nan, best, best) // all bits set are a NaN
	VMOVUPS(best, mem(y, 0))
	VMOVUPS(from, mem(at, 0))
	storePlaces(where, which)
	LEAQ(Mem{Base: z, Index: stride, Scale: 2}, z)
	LEAQ(Mem{Base: x, Index: stride, Scale: 2}, x)
	ADDQ(stride, y)
	ADDQ(stride, at)
	ADDQ(step, which)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}

// storePlaces stores 8 small integers as bytes.
func storePlaces(where reg.VecVirtual, which reg.Register) {
	high := XMM()
	VEXTRACTI128(Imm(1), where, high)
	low := where.AsX()
	VPACKSSDW(high, low, low)
	VPACKUSWB(low, low, low)
	VMOVQ(low, mem(which, 0))
}

// spread computes (gain*g - offset) - (x-mean)*slope into g; k holds mean, gain, offset, slope.
func spread(g, x reg.VecVirtual, k []Op) {
	VMULPS(k[1], g, g)
	VSUBPS(k[2], g, g)
	VSUBPS(k[0], x, x)
	VMULPS(k[3], x, x)
	VSUBPS(x, g, g)
}

func spreadVectors() []reg.Register {
	return []reg.Register{param("mean"), param("gain"), param("offset"), param("slope")}
}

func spreadGrad() {
	begin("spreadGrad8", "func(d, x, dx *float32, pixels, stride, channels, rest int, mean, gain, offset, slope *float32)",
		"spreadGrad8 is Spread.Grad"+blocks)
	d, x, dx := param("d"), param("x"), param("dx")
	c := spreadVectors()
	g, v := YMM(), YMM()
	eachBlock([]reg.Register{d, x, dx}, nil, nil, func(stride reg.Register, vector func(base reg.Register) Mem) {
		PREFETCHT0(mem(x, ahead))
		PREFETCHT0(mem(d, ahead))
		VMOVUPS(mem(d, 0), g)
		VMOVUPS(mem(x, 0), v)
		spread(g, v, []Op{vector(c[0]), vector(c[1]), vector(c[2]), vector(c[3])})
		VMOVUPS(g, mem(dx, 0))
	})
}

func reluSpread() {
	begin("reluSpread8", "func(dy, x, dx *float32, pixels, stride, channels, rest int, mean, scale, shift, gain, offset, slope *float32)",
		"reluSpread8 is Spread.ReLUGrad"+blocks)
	dy, x, dx := param("dy"), param("x"), param("dx")
	scale, shift := param("scale"), param("shift")
	c := spreadVectors()
	g, v, z, none := YMM(), YMM(), YMM(), YMM()
	zero(none)
	eachBlock([]reg.Register{dy, x, dx}, nil, nil, func(stride reg.Register, vector func(base reg.Register) Mem) {
		PREFETCHT0(mem(x, ahead))
		PREFETCHT0(mem(dy, ahead))
		VMOVUPS(mem(x, 0), v)
		VSUBPS(vector(c[0]), v, v)
		VMULPS(vector(scale), v, z)
		VADDPS(vector(shift), z, z)
		VCMPPS(Imm(cmpLessEqual), none, z, z)
		VANDNPS(mem(dy, 0), z, g)
		VMULPS(vector(c[1]), g, g)
		VSUBPS(vector(c[2]), g, g)
		VMULPS(vector(c[3]), v, v)
		VSUBPS(v, g, g)
		VMOVUPS(g, mem(dx, 0))
	})
}

func poolGrad() {
	begin("poolGrad8", "func(d *float32, which *uint8, top, bottom, dTop, dBottom *float32, pixels, stride, channels, rest int, mean, gain, offset, slope *float32)",
		"poolGrad8 is Spread.PoolGrad"+blocks)
	d, which, top, bottom := param("d"), param("which"), param("top"), param("bottom")
	dTop, dBottom := param("dTop"), param("dBottom")
	c := spreadVectors()
	none := YMM()
	VPXOR(none, none, none)
	places := append([]reg.VecVirtual{none}, constants()...)
	eachBlock([]reg.Register{d}, []reg.Register{top, bottom, dTop, dBottom}, which, func(stride reg.Register, vector func(base reg.Register) Mem) {
		k := make([]Op, len(c))
		for i := range k {
			v := YMM()
			VMOVUPS(vector(c[i]), v)
			k[i] = v
		}
		for _, p := range []reg.Register{top, bottom} {
			PREFETCHT0(mem(p, ahead))
			PREFETCHT0(Mem{Base: p, Index: stride, Scale: 1, Disp: ahead})
		}
		grad, where, g, x := YMM(), YMM(), YMM(), YMM()
		VMOVUPS(mem(d, 0), grad)
		VPMOVZXBD(mem(which, 0), where)
		for i, p := range []struct{ from, to Mem }{
			{Mem{Base: top}, Mem{Base: dTop}},
			{Mem{Base: top, Index: stride, Scale: 1}, Mem{Base: dTop, Index: stride, Scale: 1}},
			{Mem{Base: bottom}, Mem{Base: dBottom}},
			{Mem{Base: bottom, Index: stride, Scale: 1}, Mem{Base: dBottom, Index: stride, Scale: 1}},
		} {
			VPCMPEQD(places[i], where, g)
			VANDPS(grad, g, g)
			VMOVUPS(p.from, x)
			spread(g, x, k)
			VMOVUPS(g, p.to)
		}
	})
}
