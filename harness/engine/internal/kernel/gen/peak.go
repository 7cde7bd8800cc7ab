package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peak writes loops of nothing but independent multiply-adds in registers: the most that a product can reach.
func peak() {
	for _, f := range []struct {
		name, doc string
		vector    func() reg.VecVirtual
	}{
		{"peak256", "peak256 runs n rounds of 12 FMAs of 8 elements.", func() reg.VecVirtual { return YMM() }},
		{"peak512", "peak512 runs n rounds of 12 FMAs of 16 elements.", func() reg.VecVirtual { return ZMM() }},
	} {
		begin(f.name, "func(n int)", f.doc)
		n := param("n")
		acc := make([]reg.VecVirtual, 12)
		x, y := f.vector(), f.vector()
		for i := range acc {
			acc[i] = f.vector()
		}
		for _, v := range append([]reg.VecVirtual{x, y}, acc...) {
			if f.name == "peak512" {
				VPXORD(v, v, v)
			} else {
				VXORPS(v, v, v)
			}
		}
		Label("loop")
		for _, a := range acc {
			VFMADD231PS(x, y, a)
		}
		DECQ(n)
		JNZ(LabelRef("loop"))
		end()
	}
}
