package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tangents writes the passes of directional derivatives, AVX2 like elementwise.
func tangents() {
	tangentAffine(false)
	tangentAffine(true)
	gather()
	for _, n := range []int{8, 16} {
		tangentSums(n)
	}
	spreadTangent()
	poolTangent()
}

func vectors(names ...string) []reg.VecVirtual {
	k := ymms(len(names))
	for i, name := range names {
		VMOVUPS(mem(param(name), 0), k[i])
	}
	return k
}

func tangentAffine(relu bool) {
	name, y := "tangentAffine8", ""
	doc := "tangentAffine8 is Tangent.Affine for 8 channels of pixels that are stride bytes apart."
	if relu {
		name, y, doc = "tangentReLU8", "y, ", "tangentReLU8 is Tangent.ReLU for 8 channels."
	}
	begin(name, "func(x, rx, "+y+"rz *float32, pixels, stride int, mean, gain, slope, offset *float32)", doc)
	at := []reg.Register{param("x"), param("rx"), param("rz")}
	if relu {
		at = append(at, param("y"))
	}
	n, stride := param("pixels"), param("stride")
	k := vectors("mean", "gain", "slope", "offset")
	v, r, z := YMM(), YMM(), YMM()
	zero(z)
	Label("loop")
	VMOVUPS(mem(at[0], 0), v)
	VSUBPS(k[0], v, v)
	VMULPS(k[2], v, v)
	VMULPS(mem(at[1], 0), k[1], r)
	VADDPS(v, r, r)
	VADDPS(k[3], r, r)
	if relu {
		VMOVUPS(mem(at[3], 0), v)
		VCMPPS(Imm(cmpLessEqual), z, v, v)
		VANDNPS(r, v, r)
	}
	VMOVUPS(r, mem(at[2], 0))
	for _, p := range at {
		ADDQ(stride, p)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}

func gather() {
	begin("gather8", "func(top, bottom *float32, which *uint8, at *float32, pixels, stride int)",
		"gather8 is Gather for 8 channels and a number of pooled pixels; stride is the bytes of one pixel.")
	top, bottom, which, at := param("top"), param("bottom"), param("which"), param("at")
	n, stride := param("pixels"), param("stride")
	place := constants()
	step := GP64()
	MOVQ(stride, step)
	SHRQ(Imm(2), step)
	v, where, is := YMM(), YMM(), YMM()
	Label("loop")
	VPMOVZXBD(mem(which, 0), where)
	VMOVUPS(mem(top, 0), v)
	for i, src := range []Mem{
		{Base: top, Index: stride, Scale: 1}, {Base: bottom}, {Base: bottom, Index: stride, Scale: 1},
	} {
		VPCMPEQD(place[i], where, is)
		VBLENDVPS(is, src, v, v)
	}
	VMOVUPS(v, mem(at, 0))
	LEAQ(Mem{Base: top, Index: stride, Scale: 2}, top)
	LEAQ(Mem{Base: bottom, Index: stride, Scale: 2}, bottom)
	ADDQ(stride, at)
	ADDQ(step, which)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}

func tangentSums(channels int) {
	name := map[int]string{8: "tangentSums8", 16: "tangentSums16"}[channels]
	begin(name, "func(d, rd, x, rx *float32, pixels, stride int, mean, t1, t2 *float64)", name+" is TangentSums for as many channels.")
	at := []reg.Register{param("d"), param("rd"), param("x"), param("rx")}
	n, stride := param("pixels"), param("stride")
	mean, t1, t2 := param("mean"), param("t1"), param("t2")
	a1, a2 := ymms(channels/4), ymms(channels/4)
	for i := range a1 {
		VMOVUPD(mem(t1, 32*i), a1[i])
		VMOVUPD(mem(t2, 32*i), a2[i])
	}
	v := [2][]reg.VecVirtual{ymms(4), ymms(4)}
	Label("loop")
	for i := range a1 {
		v := v[i%2]
		for j, p := range at {
			VCVTPS2PD(mem(p, 16*i), v[j])
		}
		d, rd, x, rx := v[0], v[1], v[2], v[3]
		VSUBPD(mem(mean, 32*i), x, x)
		VADDPD(rd, a1[i], a1[i])
		VMULPD(x, rd, x)
		VMULPD(rx, d, d)
		VADDPD(d, x, x)
		VADDPD(x, a2[i], a2[i])
	}
	for _, p := range at {
		ADDQ(stride, p)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	for i := range a1 {
		VMOVUPD(a1[i], mem(t1, 32*i))
		VMOVUPD(a2[i], mem(t2, 32*i))
	}
	end()
}

// spreadTangentOf turns d and rd into rdx, in rd; x and rx are in memory. k holds mean, gain, gainT, slope, slopeT and
// offsetT.
func spreadTangentOf(d, rd, x, rx reg.VecVirtual, atX, atRX Mem, k []reg.VecVirtual) {
	VMULPS(k[1], rd, rd)
	VMULPS(k[2], d, d)
	VADDPS(d, rd, rd)
	VSUBPS(k[5], rd, rd)
	VMULPS(atRX, k[3], rx)
	VMOVUPS(atX, x)
	VSUBPS(k[0], x, x)
	VMULPS(k[4], x, x)
	VADDPS(x, rx, rx)
	VSUBPS(rx, rd, rd)
}

func spreadTangent() {
	begin("spreadTangent8", "func(d, rd, x, rx, rdx *float32, pixels, stride int, mean, gain, gainT, slope, slopeT, offsetT *float32)",
		"spreadTangent8 is SpreadTangent.Grad for 8 channels.")
	d, rd, x, rx, rdx := param("d"), param("rd"), param("x"), param("rx"), param("rdx")
	n, stride := param("pixels"), param("stride")
	k := vectors("mean", "gain", "gainT", "slope", "slopeT", "offsetT")
	v := ymms(4)
	Label("loop")
	VMOVUPS(mem(d, 0), v[0])
	VMOVUPS(mem(rd, 0), v[1])
	spreadTangentOf(v[0], v[1], v[2], v[3], mem(x, 0), mem(rx, 0), k)
	VMOVUPS(v[1], mem(rdx, 0))
	for _, p := range []reg.Register{d, rd, x, rx, rdx} {
		ADDQ(stride, p)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}

func poolTangent() {
	begin("poolTangent8", "func(d, rd *float32, which *uint8, first int, x, rx, rdx *float32, pixels, stride int, mean, gain, gainT, slope, slopeT, offsetT *float32)",
		"poolTangent8 is SpreadTangent.PoolGrad for 8 channels; first is the place of the row's first pixel.")
	d, rd, which, first := param("d"), param("rd"), param("which"), param("first")
	x, rx, rdx := param("x"), param("rx"), param("rdx")
	n, stride := param("pixels"), param("stride")
	k := vectors("mean", "gain", "gainT", "slope", "slopeT", "offsetT")
	place := ymms(2)
	low := XMM()
	VMOVQ(first, low)
	VPBROADCASTD(low, place[0])
	one := YMM()
	VPCMPEQD(one, one, one)
	VPSUBD(one, place[0], place[1]) // minus -1
	step := first
	MOVQ(stride, step)
	SHRQ(Imm(2), step)
	Label("loop")
	where, v := YMM(), ymms(4)
	VPMOVZXBD(mem(which, 0), where)
	for i, p := range []Mem{{}, {Index: stride, Scale: 1}} {
		at := func(base reg.Register) Mem { return Mem{Base: base, Index: p.Index, Scale: p.Scale} }
		VPCMPEQD(place[i], where, v[1])
		VANDPS(mem(d, 0), v[1], v[0])
		VANDPS(mem(rd, 0), v[1], v[1])
		spreadTangentOf(v[0], v[1], v[2], v[3], at(x), at(rx), k)
		VMOVUPS(v[1], at(rdx))
	}
	for _, p := range []reg.Register{x, rx, rdx} {
		LEAQ(Mem{Base: p, Index: stride, Scale: 2}, p)
	}
	ADDQ(stride, d)
	ADDQ(stride, rd)
	ADDQ(step, which)
	DECQ(n)
	JNZ(LabelRef("loop"))
	end()
}
