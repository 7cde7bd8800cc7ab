package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// functions writes exp, tanh and GELU with their derivatives, and softmax: AVX2 with FMA only, so that there is one
// result on all machines.
//
// The coefficients are minimax fits made for this file, rounded to float32:
//
//	exp(r) = 1 + r + r² E(r),           |r| <= ln(2)/2     relative error 3e-9
//	tanh(x) = x + x³ T(x²),             |x| <= 0.625       relative error 5e-9
//	exp(t²/2) (1-Φ(t)) = P(t)/Q(t),     0 <= t <= 15       relative error 6e-8
//
// All coefficients of P and Q are positive, so that no digits cancel.
func functions() {
	for _, f := range []struct {
		name, doc string
		body      func(x reg.VecVirtual) reg.VecVirtual
	}{
		{"exp8", "Exp", func(x reg.VecVirtual) reg.VecVirtual {
			// The bounds are the second sources, which MIN and MAX do not return for a NaN.
			y := YMM()
			VMOVAPS(same(90), y)
			VMINPS(x, y, y)
			low := YMM()
			VMOVAPS(same(-104), low)
			VMAXPS(y, low, y)
			return exp(y, true)
		}},
		{"tanh8", "Tanh", tanh},
		{"tanhGrad8", "TanhGrad", func(x reg.VecVirtual) reg.VecVirtual {
			grad, _, _ := sech2(x)
			return grad
		}},
		{"tanhSecond8", "TanhSecond", tanhSecond},
		{"gelu8", "GELU", gelu},
		{"geluGrad8", "GELUGrad", geluGrad},
		{"geluSecond8", "GELUSecond", geluSecond},
	} {
		function(f.name, f.doc, f.body)
	}
	softmax()
	combine("multiply8", "Multiply", func(x, dst, to Op) { VMULPS(x, dst, to) })
	combine("add8", "Add", func(x, dst, to Op) { VADDPS(x, dst, to) })
}

var constant = map[uint32]Mem{}

// same is a vector of 8 times v in memory.
func same(v float32) Mem { return sameBits(math.Float32bits(v)) }

func sameBits(bits uint32) Mem {
	if m, ok := constant[bits]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("same%08x", bits), RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(bits))
	}
	constant[bits] = m
	return m
}

// firstLanes is the address of masks: those of the first k lanes begin 4k bytes before its middle.
func firstLanes() Mem {
	const name = 1 // no number's bits
	if m, ok := constant[name]; ok {
		return m
	}
	m := GLOBL("firstLanes", RODATA|NOPTR)
	for i := range 16 {
		v := U32(0)
		if i < 8 {
			v = math.MaxUint32
		}
		DATA(4*i, v)
	}
	constant[name] = m
	return m
}

// tailMask makes the mask of the first n lanes; n is overwritten.
func tailMask(n reg.Register) reg.VecVirtual {
	table, mask := GP64(), YMM()
	LEAQ(firstLanes(), table)
	NEGQ(n)
	VMOVUPS(Mem{Base: table, Index: n, Scale: 4, Disp: 32}, mask)
	return mask
}

// function writes dst = body(x) for n elements: vectors of 8, then a masked one.
func function(name, doc string, body func(x reg.VecVirtual) reg.VecVirtual) {
	begin(name, "func(dst, x *float32, n int)", name+" is "+doc+" for n elements.")
	dst, x, n := param("dst"), param("x"), param("n")
	SUBQ(Imm(8), n)
	JLT(LabelRef("tail"))
	Label("loop")
	v := YMM()
	VMOVUPS(mem(x, 0), v)
	VMOVUPS(body(v), mem(dst, 0))
	ADDQ(Imm(32), x)
	ADDQ(Imm(32), dst)
	SUBQ(Imm(8), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(8), n)
	JEQ(LabelRef("done"))
	mask := tailMask(n)
	v = YMM()
	VMASKMOVPS(mem(x, 0), mask, v)
	VMASKMOVPS(body(v), mask, mem(dst, 0))
	Label("done")
	end()
}

// horner is the polynomial in x with coefficients from the highest down.
func horner(x reg.VecVirtual, c ...float32) reg.VecVirtual {
	y := YMM()
	VMOVAPS(same(c[0]), y)
	for _, v := range c[1:] {
		VFMADD213PS(same(v), x, y)
	}
	return y
}

// exp is the exponential function of x, which is overwritten: -104 <= x <= 90 or NaN. Without wide, x must be between
// -87 and 88, where one factor 2ⁿ is a normal number.
func exp(x reg.VecVirtual, wide bool) reg.VecVirtual {
	const high = 45426.0 / 65536 // ln 2 to 16 bits, so that n times it is exact
	n := YMM()
	VMULPS(same(float32(math.Log2E)), x, n)
	VROUNDPS(Imm(8), n, n)
	VFNMADD231PS(same(high), n, x)
	VFNMADD231PS(same(float32(math.Ln2-high)), n, x)
	y := horner(x, 0.0013814534759148955, 0.008368723094463348, 0.04166838899254799, 0.1666652113199234, 0.4999999403953552)
	square := YMM()
	VMULPS(x, x, square)
	VFMADD213PS(x, square, y)
	VADDPS(same(1), y, y)
	VCVTPS2DQ(n, n)
	scale := func(n reg.VecVirtual) {
		VPADDD(sameBits(127), n, n)
		VPSLLD(Imm(23), n, n)
		VMULPS(n, y, y)
	}
	if wide {
		half := YMM()
		VPSRAD(Imm(1), n, half)
		VPSUBD(half, n, n)
		scale(half)
	}
	scale(n)
	return y
}

// magnitude is min(|x|, most), and NaN for NaN.
func magnitude(x reg.VecVirtual, most float32) reg.VecVirtual {
	t, bound := YMM(), YMM()
	VANDPS(sameBits(0x7fffffff), x, t)
	VMOVAPS(same(most), bound)
	VMINPS(t, bound, t)
	return t
}

// withSign gives t >= 0 the sign of x.
func withSign(t, x reg.VecVirtual) {
	sign := YMM()
	VANDPS(sameBits(0x80000000), x, sign)
	VORPS(sign, t, t)
}

// tanhNear is tanh where |x| <= 0.625.
func tanhNear(x reg.VecVirtual) reg.VecVirtual {
	square := YMM()
	VMULPS(x, x, square)
	y := horner(square, -0.005705029238015413, 0.020639128983020782, -0.05373973026871681, 0.13331443071365356, -0.3333328068256378)
	VMULPS(square, y, y)
	VFMADD213PS(x, x, y)
	return y
}

// choose sets far to near where |x| <= 0.625.
func choose(x, near, far reg.VecVirtual) {
	t, mask, bound := YMM(), YMM(), YMM()
	VANDPS(sameBits(0x7fffffff), x, t)
	VMOVAPS(same(0.625), bound)
	VCMPPS(Imm(cmpLessEqual), bound, t, mask)
	VBLENDVPS(mask, near, far, far)
}

// tanh is 1 - 2/(exp(2|x|)+1) with the sign of x, or a polynomial where that would cancel.
func tanh(x reg.VecVirtual) reg.VecVirtual {
	t := magnitude(x, 10) // tanh(10) rounds to 1
	VADDPS(t, t, t)
	e := exp(t, false)
	VADDPS(same(1), e, e)
	y := YMM()
	VMOVAPS(same(-2), y)
	VDIVPS(e, y, y)
	VADDPS(same(1), y, y)
	withSign(y, x)
	choose(x, tanhNear(x), y)
	return y
}

// sech2 is 4e/(1+e)² for e = exp(-2|x|); it also returns e and 1+e.
func sech2(x reg.VecVirtual) (grad, e, d reg.VecVirtual) {
	t := magnitude(x, 52) // exp(-104) is 0
	VMULPS(same(-2), t, t)
	e = exp(t, true)
	grad, d = YMM(), YMM()
	square := YMM()
	VADDPS(same(1), e, d)
	VMULPS(d, d, square)
	VMULPS(same(4), e, grad)
	VDIVPS(square, grad, grad)
	return grad, e, d
}

// tanhSecond is -2 tanh (1-tanh²), with tanh as (1-e)/(1+e) or the polynomial.
func tanhSecond(x reg.VecVirtual) reg.VecVirtual {
	grad, e, d := sech2(x)
	far := YMM()
	VMOVAPS(same(1), far)
	VSUBPS(e, far, far)
	VDIVPS(d, far, far)
	withSign(far, x)
	choose(x, tanhNear(x), far)
	VMULPS(far, grad, grad)
	VMULPS(same(-2), grad, grad)
	return grad
}

// density computes t = min(|x|, 16) and e = exp(-t²/2), which is 0 for t = 16. The rounding error of t² is put right: it
// would be multiplied by up to 100.
func density(x reg.VecVirtual) (t, e reg.VecVirtual) {
	t = magnitude(x, 16)
	square, rest := YMM(), YMM()
	VMULPS(t, t, square)
	VMOVAPS(square, rest)
	VFMSUB231PS(t, t, rest) // t² - square
	VMULPS(same(-0.5), square, square)
	low := YMM()
	VMOVAPS(same(-104), low)
	VMAXPS(square, low, square)
	e = exp(square, true)
	VMULPS(same(-0.5), rest, rest)
	VFMADD231PS(rest, e, e)
	return t, e
}

// tail is exp(t²/2) (1-Φ(t)).
func tail(t reg.VecVirtual) reg.VecVirtual {
	p := horner(t, 0.004153359215706587, 0.040882159024477005, 0.18397238850593567, 0.43928807973861694, 0.5)
	q := horner(t, 0.010410815477371216, 0.10248248279094696, 0.4714171886444092, 1.2055622339248657, 1.676461100578308, 1)
	VDIVPS(q, p, p)
	return p
}

// gelu is max(x, 0) - t (1-Φ(t)).
func gelu(x reg.VecVirtual) reg.VecVirtual {
	t, e := density(x)
	y, zero := YMM(), YMM()
	part := tail(t)
	VMULPS(t, part, part)
	VXORPS(zero, zero, zero)
	VMAXPS(x, zero, y)
	VFNMADD231PS(part, e, y)
	return y
}

// geluGrad is D = (1-Φ(t)) - t φ(t) for x < 0, and 1-D otherwise.
func geluGrad(x reg.VecVirtual) reg.VecVirtual {
	t, e := density(x)
	y := tail(t)
	VFNMADD231PS(same(float32(1/math.Sqrt(2*math.Pi))), t, y)
	VMULPS(e, y, y)
	other := YMM()
	VMOVAPS(same(1), other)
	VSUBPS(y, other, other)
	VBLENDVPS(x, y, other, other) // by the sign
	return other
}

// geluSecond is φ(t) (2-t²).
func geluSecond(x reg.VecVirtual) reg.VecVirtual {
	t, e := density(x)
	y := YMM()
	VMOVAPS(same(2), y)
	VFNMADD231PS(t, t, y)
	VMULPS(same(float32(1/math.Sqrt(2*math.Pi))), e, e)
	VMULPS(e, y, y)
	return y
}

// softmax takes a row three times: its maximum; the exponentials and their sum, in float64 and 8 lanes; the scaling.
func softmax() {
	begin("softmaxRows", "func(x *float32, rows, cols int)", "softmaxRows is Softmax for rows of cols elements.")
	x, rows, cols := param("x"), param("rows"), param("cols")
	full, rest := GP64(), GP64()
	MOVQ(cols, full)
	SHRQ(Imm(3), full)
	MOVQ(cols, rest)
	ANDQ(Imm(7), rest)
	mask := tailMask(rest)
	left, p := GP64(), GP64()
	// pass runs do for every vector of the row; the last may be a part.
	pass := func(name string, do func(part bool)) {
		MOVQ(x, p)
		MOVQ(full, left)
		TESTQ(left, left)
		JEQ(LabelRef(name + "Part"))
		Label(name)
		do(false)
		ADDQ(Imm(32), p)
		DECQ(left)
		JNZ(LabelRef(name))
		Label(name + "Part")
		TESTQ(rest, rest)
		JEQ(LabelRef(name + "Done"))
		do(true)
		Label(name + "Done")
	}
	load := func(part bool) reg.VecVirtual {
		v := YMM()
		if part {
			VMASKMOVPS(mem(p, 0), mask, v)
		} else {
			VMOVUPS(mem(p, 0), v)
		}
		return v
	}
	store := func(v reg.VecVirtual, part bool) {
		if part {
			VMASKMOVPS(v, mask, mem(p, 0))
		} else {
			VMOVUPS(v, mem(p, 0))
		}
	}

	Label("row")
	most := YMM()
	VMOVAPS(same(float32(math.Inf(-1))), most)
	pass("most", func(part bool) {
		v := load(part)
		if part {
			VBLENDVPS(mask, v, most, v)
		}
		VMAXPS(v, most, most)
	})
	other := YMM()
	VPERM2F128(Imm(1), most, most, other)
	VMAXPS(other, most, most)
	VPERMILPS(Imm(0x4e), most, other)
	VMAXPS(other, most, most)
	VPERMILPS(Imm(0xb1), most, other)
	VMAXPS(other, most, most)

	sums := ymms(2)
	zero(sums...)
	pass("exp", func(part bool) {
		v, low := load(part), YMM()
		VSUBPS(most, v, v)
		VMOVAPS(same(-104), low)
		VMAXPS(v, low, v)
		e := exp(v, true)
		store(e, part)
		if part {
			VANDPS(mask, e, e)
		}
		wide := YMM()
		VCVTPS2PD(e.AsX(), wide)
		VADDPD(wide, sums[0], sums[0])
		half := XMM()
		VEXTRACTF128(Imm(1), e, half)
		VCVTPS2PD(half, wide)
		VADDPD(wide, sums[1], sums[1])
	})
	VADDPD(sums[1], sums[0], sums[0])
	half, swapped := XMM(), XMM()
	VEXTRACTF128(Imm(1), sums[0], half)
	VADDPD(half, sums[0].AsX(), half)
	VPERMILPD(Imm(1), half, swapped)
	VADDPD(swapped, half, half)
	one, factor := XMM(), YMM()
	VCVTPS2PD(same(1), one)
	VDIVSD(half, one, one)
	VCVTSD2SS(one, one, one)
	VBROADCASTSS(one, factor)
	pass("scale", func(part bool) {
		v := load(part)
		VMULPS(factor, v, v)
		store(v, part)
	})
	LEAQ(Mem{Base: x, Index: cols, Scale: 4}, x)
	DECQ(rows)
	JNZ(LabelRef("row"))
	end()
}

// combine writes passes that combine dst with x by one instruction.
func combine(name, doc string, instruction func(x, dst, to Op)) {
	begin(name, "func(dst, x *float32, vectors int)", name+" is "+doc+" for vectors of 8 elements.")
	dst, x, n := param("dst"), param("x"), param("vectors")
	v := YMM()
	Label("loop")
	VMOVUPS(mem(dst, 0), v)
	instruction(mem(x, 0), v, v)
	VMOVUPS(v, mem(dst, 0))
	ADDQ(Imm(32), dst)
	ADDQ(Imm(32), x)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}
