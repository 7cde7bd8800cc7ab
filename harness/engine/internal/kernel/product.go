package kernel

import (
	"fmt"
	"unsafe"
)

// Product is a matrix product over strided operands:
//
//	C(r,i,j) = sum over s < Segs, k < K of A(r,s,i,k) B(s,k,j)     0 <= i < M, 0 <= j < N, 0 <= r < Rep
//
//	A(r,s,i,k) = A[r*RepA + s*SegA + i*RowA + k*ColA]
//	B(s,k,j)   = B[s*SegB + k*RowB + j]
//	C(r,i,j)   = C[r*RepC + i*RowC + j]
//
// The strides make one routine serve plain, transposed and convolutional products. In a zero-padded NHWC image the
// inputs of one kernel row (kw, c) lie side by side, so a row of output pixels is a product whose A has overlapping
// rows (RowA = channels), the kernel rows are the segments and the image's rows the repetitions.
//
// Every element of C is one chain of fused multiply-adds in the order (s, k), started at 0; with Add the old element
// is added at the end. The result therefore does not depend on the tiles and is the same on AVX2 and AVX-512. The
// plain Go version rounds products separately where the compiler does not fuse them, and so may differ in the last bits.
//
// Strides count elements and are not negative. C must not overlap A or B. Run keeps its call frame in the Product, so
// one Product must not be used by two goroutines.
type Product struct {
	M, N, K, Segs, Rep int
	A                  []float32
	RowA, ColA, SegA   int
	RepA               int
	B                  []float32
	RowB, SegB         int
	C                  []float32
	RowC, RepC         int
	Add                bool
	// Ahead is memory that is needed soon: it is fetched into the cache a little at a time while the product is computed.
	// Either may be nil. Run forgets them.
	Ahead [2][]float32

	frame frame
}

// frame is what a tile routine reads: byte strides and addresses. The generated code knows its field offsets (gen/main.go).
// A routine keeps its place in the repetitions in atA, atC and left: not pointers, because they end up behind the
// operands.
type frame struct {
	a, b, c         unsafe.Pointer // 0 8 16
	rsa, csa, segA  int            // 24 32 40; segA: from the end of a segment's last k to the next segment
	ldb, segB       int            // 48 56; segB likewise
	ldc             int            // 64
	k, segs         int            // 72 80
	rep, repA, repC int            // 88 96 104
	add             int            // 112
	mask            int            // 120: one bit a column, AVX-512
	lanes           *[16]int32     // 128: -1 or 0 a column, AVX2
	atA, atC        uintptr        // 136 144
	left            int            // 152
	ahead           [2]uintptr     // 160 168: what to fetch next; never read
	lines           int            // 176: how many lines of both to fetch in each segment
	mr, cols        int            // for the Go tile only
}

// laneMasks[n] has the first n lanes set.
var laneMasks = func() (m [17][16]int32) {
	for n := range m {
		for j := range n {
			m[n][j] = -1
		}
	}
	return m
}()

// Run computes the product. It panics when an operand is too short for its strides.
func (p *Product) Run() {
	if p.M <= 0 || p.N <= 0 || p.Rep <= 0 {
		return
	}
	if p.K <= 0 || p.Segs <= 0 {
		panic("kernel: product over nothing")
	}
	p.check("A", len(p.A), (p.Rep-1)*p.RepA+(p.Segs-1)*p.SegA+(p.M-1)*p.RowA+(p.K-1)*p.ColA)
	p.check("B", len(p.B), (p.Segs-1)*p.SegB+(p.K-1)*p.RowB+p.N-1)
	p.check("C", len(p.C), (p.Rep-1)*p.RepC+(p.M-1)*p.RowC+p.N-1)

	p.spread()
	for j := 0; j < p.N; {
		set, cols := pick(p.N - j)
		p.panel(set, j, cols)
		j += cols
	}
}

// line is the bytes that the processor fetches at once.
const line = 64

// spread divides what is to be fetched among the segments of the whole product.
func (p *Product) spread() {
	f := &p.frame
	f.lines = 0
	most := max(len(p.Ahead[0]), len(p.Ahead[1]))
	if most == 0 {
		return
	}
	segments := 0
	for j := 0; j < p.N; {
		set, cols := pick(p.N - j)
		segments += (p.M + set.most - 1) / set.most * p.Rep * p.Segs
		j += cols
	}
	f.lines = (4*most/line + segments) / segments
	for i, x := range p.Ahead {
		if len(x) == 0 {
			x = p.Ahead[1-i]
		}
		f.ahead[i] = uintptr(unsafe.Pointer(&x[0]))
	}
	p.Ahead = [2][]float32{}
}

func (p *Product) check(name string, have, last int) {
	if last >= have || last < 0 {
		panic(fmt.Sprintf("kernel: product reads element %d of %s, which has %d", last, name, have))
	}
}

// tiles is a set of routines of one width: run[m] computes m rows.
type tiles struct {
	run  []func(*uintptr)
	most int // rows of the highest tile
}

// panel computes columns j to j+cols. The M rows are cut into tiles of nearly equal height; a tile of one height is
// one call, whose repetitions are either the product's own or, where the product has none, the tiles.
func (p *Product) panel(set *tiles, j, cols int) {
	n := (p.M + set.most - 1) / set.most
	low, high := p.M/n, p.M%n // `high` tiles of low+1 rows, then n-high of low rows
	i := 0
	if p.Rep == 1 {
		if high > 0 {
			p.tile(set, i, low+1, high, (low+1)*p.RowA, (low+1)*p.RowC, j, cols)
			i = high * (low + 1)
		}
		p.tile(set, i, low, n-high, low*p.RowA, low*p.RowC, j, cols)
		return
	}
	for t := range n {
		rows := low
		if t < high {
			rows++
		}
		p.tile(set, i, rows, p.Rep, p.RepA, p.RepC, j, cols)
		i += rows
	}
}

func (p *Product) tile(set *tiles, i, rows, rep, repA, repC, j, cols int) {
	f := &p.frame
	f.a = unsafe.Pointer(&p.A[i*p.RowA])
	f.b = unsafe.Pointer(&p.B[j])
	f.c = unsafe.Pointer(&p.C[i*p.RowC+j])
	f.rsa, f.csa = 4*p.RowA, 4*p.ColA
	f.segA = 4 * (p.SegA - p.K*p.ColA)
	f.ldb, f.segB = 4*p.RowB, 4*(p.SegB-p.K*p.RowB)
	f.ldc = 4 * p.RowC
	f.k, f.segs = p.K, p.Segs
	f.rep, f.repA, f.repC = rep, 4*repA, 4*repC
	f.add = 0
	if p.Add {
		f.add = 1
	}
	if cols < 16 {
		f.mask = 1<<cols - 1
		f.lanes = &laneMasks[cols]
	}
	f.mr, f.cols = rows, cols
	set.run[rows]((*uintptr)(unsafe.Pointer(f)))
}
