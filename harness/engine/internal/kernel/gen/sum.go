package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sumPasses writes the passes that join the branches of a network.
func sumPasses() {
	accumulate()
	affineSum("affineSum8", "affineSum8 is Affine.Sum for 8 channels of pixels that are stride bytes apart.", false)
	affineSum("affineSumReLU8", "affineSumReLU8 is Affine.SumReLU for 8 channels of pixels that are stride bytes apart.", true)
}

func accumulate() {
	begin("accumulate8", "func(dst, x *float32, vectors int)", "accumulate8 is Accumulate for vectors of 8 elements.")
	dst, x, n := param("dst"), param("x"), param("vectors")
	v := YMM()
	Label("loop")
	VMOVUPS(mem(dst, 0), v)
	VADDPS(mem(x, 0), v, v)
	VMOVUPS(v, mem(dst, 0))
	ADDQ(Imm(32), dst)
	ADDQ(Imm(32), x)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}

func affineSum(name, doc string, relu bool) {
	begin(name, "func(x, s, y *float32, pixels, stride int, mean, scale, shift *float32)", doc)
	x, s, y, n, stride := param("x"), param("s"), param("y"), param("pixels"), param("stride")
	k := ymms(3)
	for i, name := range []string{"mean", "scale", "shift"} {
		VMOVUPS(mem(param(name), 0), k[i])
	}
	v, z := YMM(), YMM()
	if relu {
		zero(z)
	}
	Label("loop")
	VMOVUPS(mem(x, 0), v)
	affine(v, k[0], k[1], k[2])
	VADDPS(mem(s, 0), v, v)
	if relu {
		VMAXPS(v, z, v) // the second source, v, where either is NaN
	}
	VMOVUPS(v, mem(y, 0))
	for _, p := range []reg.Register{x, s, y} {
		ADDQ(stride, p)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}
