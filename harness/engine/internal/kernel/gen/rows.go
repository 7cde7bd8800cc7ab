package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rows writes the passes over the rows of a matrix, in blocks of 8 columns. They use AVX2 only, like elementwise.
func rows() {
	rowSums()
	rowDots()
	rowDeviations()
	standardise()
	columnAffine()
	rowProject()
	rowAdd()
	rowGate()
	transpose()
}

// eachRow writes the loops over rows and, in a row, over blocks of 8 columns, and the end of the routine. first runs at
// the beginning of a row, block at each block, last at the end of a row. The pointers move along; a stride is the bytes
// between two rows of its pointer.
func eachRow(rows, blocks reg.Register, pointers, strides []reg.Register, first, block, last func()) {
	left := GP64()
	Label("row")
	first()
	MOVQ(blocks, left)
	starts := make([]reg.GPVirtual, len(pointers))
	for i, p := range pointers {
		starts[i] = GP64()
		MOVQ(p, starts[i])
	}
	Label("block")
	block()
	for _, p := range pointers {
		ADDQ(Imm(32), p)
	}
	DECQ(left)
	JNZ(LabelRef("block"))
	last()
	for i, p := range pointers {
		LEAQ(Mem{Base: starts[i], Index: strides[i], Scale: 1}, p)
	}
	DECQ(rows)
	JNZ(LabelRef("row"))
	end()
}

// storeTotal writes the sum of 8 float64 lanes, (0+4 + 2+6) + (1+5 + 3+7), and moves on.
func storeTotal(acc []reg.VecVirtual, to reg.Register) {
	high := XMM()
	VADDPD(acc[1], acc[0], acc[0])
	VEXTRACTF128(Imm(1), acc[0], high)
	low := acc[0].AsX()
	VADDPD(high, low, low)
	VPERMILPD(Imm(1), low, high)
	VADDSD(high, low, low)
	VMOVSD(low, mem(to, 0))
	ADDQ(Imm(8), to)
}

func rowSums() {
	begin("rowSums8", "func(x *float32, rows, blocks, stride int, sum *float64)", "rowSums8 is RowSums for rows of 8*blocks elements that are stride bytes apart.")
	x, n, blocks, stride, sum := param("x"), param("rows"), param("blocks"), param("stride"), param("sum")
	acc, t := ymms(2), ymms(2)
	eachRow(n, blocks, []reg.Register{x}, []reg.Register{stride}, func() {
		zero(acc...)
	}, func() {
		for i := range acc {
			VCVTPS2PD(mem(x, 16*i), t[i])
			VADDPD(t[i], acc[i], acc[i])
		}
	}, func() {
		storeTotal(acc, sum)
	})
}

func rowDots() {
	begin("rowDots8", "func(x, y *float32, rows, blocks, strideX, strideY int, dot *float64)", "rowDots8 is RowDots for rows of 8*blocks elements.")
	x, y, n, blocks := param("x"), param("y"), param("rows"), param("blocks")
	strideX, strideY, dot := param("strideX"), param("strideY"), param("dot")
	acc, t, u := ymms(2), ymms(2), ymms(2)
	eachRow(n, blocks, []reg.Register{x, y}, []reg.Register{strideX, strideY}, func() {
		zero(acc...)
	}, func() {
		for i := range acc {
			VCVTPS2PD(mem(x, 16*i), t[i])
			VCVTPS2PD(mem(y, 16*i), u[i])
			VMULPD(t[i], u[i], t[i])
			VADDPD(t[i], acc[i], acc[i])
		}
	}, func() {
		storeTotal(acc, dot)
	})
}

func rowDeviations() {
	begin("rowDeviations8", "func(x *float32, rows, blocks, stride int, mean, sum *float64)", "rowDeviations8 is RowDeviations for rows of 8*blocks elements.")
	x, n, blocks, stride, mean, sum := param("x"), param("rows"), param("blocks"), param("stride"), param("mean"), param("sum")
	acc, t, m := ymms(2), ymms(2), YMM()
	eachRow(n, blocks, []reg.Register{x}, []reg.Register{stride}, func() {
		zero(acc...)
		VBROADCASTSD(mem(mean, 0), m)
		ADDQ(Imm(8), mean)
	}, func() {
		for i := range acc {
			VCVTPS2PD(mem(x, 16*i), t[i])
			VSUBPD(m, t[i], t[i])
			VMULPD(t[i], t[i], t[i])
			VADDPD(t[i], acc[i], acc[i])
		}
	}, func() {
		storeTotal(acc, sum)
	})
}

// broadcast loads the row's element of a vector and moves on.
func broadcast(from reg.Register, to reg.VecVirtual) {
	VBROADCASTSS(mem(from, 0), to)
	ADDQ(Imm(4), from)
}

func standardise() {
	begin("standardise8", "func(x, y *float32, rows, blocks, stride int, mean, inv *float32)", "standardise8 is Standardise for the first 8*blocks columns.")
	x, y, n, blocks, stride := param("x"), param("y"), param("rows"), param("blocks"), param("stride")
	mean, inv := param("mean"), param("inv")
	m, s, v := YMM(), YMM(), YMM()
	eachRow(n, blocks, []reg.Register{x, y}, []reg.Register{stride, stride}, func() {
		broadcast(mean, m)
		broadcast(inv, s)
	}, func() {
		VMOVUPS(mem(x, 0), v)
		VSUBPS(m, v, v)
		VMULPS(s, v, v)
		VMOVUPS(v, mem(y, 0))
	}, func() {})
}

func columnAffine() {
	begin("columnAffine8", "func(x, y *float32, rows, stride int, scale, shift *float32)", "columnAffine8 is ColumnAffine for 8 columns.")
	x, y, n, stride := param("x"), param("y"), param("rows"), param("stride")
	s, b, v := YMM(), YMM(), YMM()
	VMOVUPS(mem(param("scale"), 0), s)
	VMOVUPS(mem(param("shift"), 0), b)
	Label("loop")
	VMOVUPS(mem(x, 0), v)
	VMULPS(s, v, v)
	VADDPS(b, v, v)
	VMOVUPS(v, mem(y, 0))
	ADDQ(stride, x)
	ADDQ(stride, y)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}

func rowProject() {
	begin("rowProject8", "func(a, x, y *float32, rows, blocks, stride int, offset, slope, inv *float32)", "rowProject8 is RowProject for the first 8*blocks columns.")
	a, x, y, n, blocks, stride := param("a"), param("x"), param("y"), param("rows"), param("blocks"), param("stride")
	offset, slope, inv := param("offset"), param("slope"), param("inv")
	m, s, r, v, u := YMM(), YMM(), YMM(), YMM(), YMM()
	eachRow(n, blocks, []reg.Register{a, x, y}, []reg.Register{stride, stride, stride}, func() {
		broadcast(offset, m)
		broadcast(slope, s)
		broadcast(inv, r)
	}, func() {
		VMOVUPS(mem(a, 0), v)
		VSUBPS(m, v, v)
		VMULPS(mem(x, 0), s, u)
		VSUBPS(u, v, v)
		VMULPS(r, v, v)
		VMOVUPS(v, mem(y, 0))
	}, func() {})
}

func rowAdd() {
	begin("rowAdd8", "func(x, y *float32, rows, blocks, stride int, factor *float32)", "rowAdd8 is RowAdd for the first 8*blocks columns.")
	x, y, n, blocks, stride, factor := param("x"), param("y"), param("rows"), param("blocks"), param("stride"), param("factor")
	f, v := YMM(), YMM()
	eachRow(n, blocks, []reg.Register{x, y}, []reg.Register{stride, stride}, func() {
		broadcast(factor, f)
	}, func() {
		VMULPS(mem(x, 0), f, v)
		VADDPS(mem(y, 0), v, v)
		VMOVUPS(v, mem(y, 0))
	}, func() {})
}

func rowGate() {
	begin("rowGate8", "func(p, d, y *float32, rows, blocks, stride int, delta *float32, scale *float32)", "rowGate8 is RowGate for the first 8*blocks columns.")
	p, d, y, n, blocks, stride, delta := param("p"), param("d"), param("y"), param("rows"), param("blocks"), param("stride"), param("delta")
	s, m, v := YMM(), YMM(), YMM()
	VBROADCASTSS(mem(param("scale"), 0), s)
	eachRow(n, blocks, []reg.Register{p, d, y}, []reg.Register{stride, stride, stride}, func() {
		broadcast(delta, m)
	}, func() {
		VMOVUPS(mem(d, 0), v)
		VSUBPS(m, v, v)
		VMULPS(mem(p, 0), v, v)
		VMULPS(s, v, v)
		VMOVUPS(v, mem(y, 0))
	}, func() {})
}

// transpose: blocks of 8 rows of 8 columns, one below the other.
func transpose() {
	begin("transpose8", "func(x, y *float32, blocks, strideX, strideY int, scale *float32)", "transpose8 is Transpose for 8 columns and 8*blocks rows; strides are bytes.")
	x, y, n := param("x"), param("y"), param("blocks")
	at := func(base, stride reg.Register) func(i int) Mem {
		s3, s5, s7 := GP64(), GP64(), GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, s3)
		LEAQ(Mem{Base: stride, Index: stride, Scale: 4}, s5)
		LEAQ(Mem{Base: s3, Index: stride, Scale: 4}, s7)
		odd := map[int]reg.Register{3: s3, 5: s5, 7: s7}
		return func(i int) Mem {
			switch i {
			case 0:
				return Mem{Base: base}
			case 1, 2, 4:
				return Mem{Base: base, Index: stride, Scale: uint8(i)}
			case 6:
				return Mem{Base: base, Index: s3, Scale: 2}
			}
			return Mem{Base: base, Index: odd[i], Scale: 1}
		}
	}
	strideX := param("strideX")
	atX, atY := at(x, strideX), at(y, param("strideY"))
	r, t := ymms(8), ymms(7)
	from := param("scale")
	Label("loop")
	f := t[0]
	VBROADCASTSS(mem(from, 0), f)
	for i := range r {
		VMULPS(atX(i), f, r[i])
	}
	// The 16th register is free for the last temporary only now that the scale is used up.
	last := YMM()
	t = append(t[:7:7], last)
	for i := 0; i < 8; i += 2 {
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		VSHUFPS(Imm(0x44), t[i+2], t[i], r[i])
		VSHUFPS(Imm(0xee), t[i+2], t[i], r[i+1])
		VSHUFPS(Imm(0x44), t[i+3], t[i+1], r[i+2])
		VSHUFPS(Imm(0xee), t[i+3], t[i+1], r[i+3])
	}
	for i := range 4 {
		VPERM2F128(Imm(0x20), r[i+4], r[i], t[i])
		VPERM2F128(Imm(0x31), r[i+4], r[i], t[i+4])
	}
	for i := range t {
		VMOVUPS(t[i], atY(i))
	}
	LEAQ(Mem{Base: x, Index: strideX, Scale: 8}, x)
	ADDQ(Imm(32), y)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}
