package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// each writes the sums over gradients of single examples: blocks of columns, in which the rows are added one by one.
// They use AVX2 only, as the elementwise passes do.
func each() {
	squaredNorm()
	for _, masked := range []bool{false, true} {
		addScaled(masked)
		for _, shifted := range []bool{false, true} {
			addRows("addClamped", "AddClamped", ", clip *float32", masked, shifted, func() func(v reg.VecVirtual) {
				high, low := YMM(), YMM()
				VBROADCASTSS(mem(param("clip"), 0), high)
				VXORPS(low, low, low)
				VSUBPS(high, low, low)
				return func(v reg.VecVirtual) {
					VMINPS(v, high, v) // the second source, v, where either is NaN
					VMAXPS(v, low, v)
				}
			})
			addRows("addSquares", "AddSquares", "", masked, shifted, func() func(v reg.VecVirtual) {
				return func(v reg.VecVirtual) { VMULPS(v, v, v) }
			})
		}
	}
}

// squaredNorm: 16 lanes in float64. The products of two float32 are exact, so that fusing changes nothing.
func squaredNorm() {
	begin("squaredNorm16", "func(x *float32, vectors int, lanes *float64)", "squaredNorm16 adds the squares of vectors of 16 elements to 16 lanes.")
	x, n, lanes := param("x"), param("vectors"), param("lanes")
	acc, t := ymms(4), ymms(4)
	for i := range acc {
		VMOVUPD(mem(lanes, 32*i), acc[i])
	}
	Label("loop")
	for i := range acc {
		VCVTPS2PD(mem(x, 16*i), t[i])
		VFMADD231PD(t[i], t[i], acc[i])
	}
	ADDQ(Imm(64), x)
	DECQ(n)
	JNZ(LabelRef("loop"))
	for i := range acc {
		VMOVUPD(acc[i], mem(lanes, 32*i))
	}
	end()
}

// block is a number of columns of a row: 32, or up to 8 by a mask.
type block struct {
	acc, t []reg.VecVirtual
	mask   reg.VecVirtual
}

func newBlock(masked bool) *block {
	if !masked {
		return &block{acc: ymms(4), t: ymms(4)}
	}
	b := &block{acc: ymms(1), t: ymms(1), mask: YMM()}
	VMOVUPS(mem(param("lanes"), 0), b.mask)
	return b
}

func (b *block) load(from reg.Register, to []reg.VecVirtual) {
	for i, v := range to {
		if b.mask != nil {
			VMASKMOVPS(mem(from, 32*i), b.mask, v)
		} else {
			VMOVUPS(mem(from, 32*i), v)
		}
	}
}

func (b *block) store(to reg.Register) {
	for i, v := range b.acc {
		if b.mask != nil {
			VMASKMOVPS(v, b.mask, mem(to, 32*i))
		} else {
			VMOVUPS(v, mem(to, 32*i))
		}
	}
}

func width(masked bool) (suffix, lanes, words string) {
	if masked {
		return "Edge", ", lanes *[16]int32", "up to 8 columns"
	}
	return "32", "", "32 columns"
}

func addScaled(masked bool) {
	suffix, lanes, words := width(masked)
	begin("addScaled"+suffix, "func(out, c, x *float32, stride, rows int"+lanes+")",
		"addScaled"+suffix+" is AddScaled for "+words+"; rows are stride bytes apart.")
	b := newBlock(masked)
	out, c, x, stride, n := param("out"), param("c"), param("x"), param("stride"), param("rows")
	k := YMM()
	b.load(out, b.acc)
	Label("loop")
	VBROADCASTSS(mem(c, 0), k)
	b.load(x, b.t)
	for i, t := range b.t {
		VMULPS(t, k, t)
		VADDPS(t, b.acc[i], b.acc[i])
	}
	ADDQ(Imm(4), c)
	ADDQ(stride, x)
	DECQ(n)
	JNZ(LabelRef("loop"))
	b.store(out)
	end()
}

// addRows writes a sum over rows of f(a x + e), where e is left out unless shifted.
func addRows(name, is, more string, masked, shifted bool, f func() func(reg.VecVirtual)) {
	suffix, lanes, words := width(masked)
	if shifted {
		name += "Shifted"
		more = ", e *float32" + more
		words += ", with e"
	} else {
		words += ", without e"
	}
	begin(name+suffix, "func(out, a *float32, stepA int, x *float32, stride, rows int"+more+lanes+")",
		name+suffix+" is "+is+" for "+words+"; the elements of a are stepA and the rows stride bytes apart.")
	b := newBlock(masked)
	apply := f()
	out, a, stepA, x, stride, n := param("out"), param("a"), param("stepA"), param("x"), param("stride"), param("rows")
	k := YMM()
	b.load(out, b.acc)
	e := make([]reg.VecVirtual, len(b.acc))
	if shifted {
		e = ymms(len(b.acc))
		b.load(param("e"), e)
	}
	Label("loop")
	VBROADCASTSS(mem(a, 0), k)
	b.load(x, b.t)
	for i, t := range b.t {
		VMULPS(t, k, t)
		if shifted {
			VADDPS(e[i], t, t)
		}
		apply(t)
		VADDPS(t, b.acc[i], b.acc[i])
	}
	ADDQ(stepA, a)
	ADDQ(stride, x)
	DECQ(n)
	JNZ(LabelRef("loop"))
	b.store(out)
	end()
}
