package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sumPasses writes the passes that join the branches of a network.
func sumPasses() {
	accumulate()
	affineSum("affineSum8", "Sum", false)
	affineSum("affineSumReLU8", "SumReLU", true)
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

func affineSum(name, method string, relu bool) {
	begin(name, "func(x, s, y *float32, pixels, stride, channels, rest int, mean, scale, shift *float32)",
		name+" is Affine."+method+blocks)
	x, s, y, mean, scale, shift := param("x"), param("s"), param("y"), param("mean"), param("scale"), param("shift")
	v, z := YMM(), YMM()
	if relu {
		zero(z)
	}
	eachBlock([]reg.Register{x, s, y}, nil, nil, func(stride reg.Register, vector func(base reg.Register) Mem) {
		for _, p := range []reg.Register{x, s, y} {
			PREFETCHT0(mem(p, ahead))
		}
		VMOVUPS(mem(x, 0), v)
		affine(v, vector(mean), vector(scale), vector(shift))
		VADDPS(mem(s, 0), v, v)
		if relu {
			VMAXPS(v, z, v) // the second source, v, where either is NaN
		}
		VMOVUPS(v, mem(y, 0))
	})
}
