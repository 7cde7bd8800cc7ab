package kernel

import "unsafe"

// plainTiles serve machines without AVX2. One Go routine does every height.
var plainTiles = func() *tiles {
	t := &tiles{most: 4, run: make([]func(*uintptr), 5)}
	for m := 1; m <= t.most; m++ {
		t.run[m] = plainTile
	}
	return t
}()

// plainTile is the tile routine in Go: up to 16 columns.
func plainTile(u *uintptr) {
	f := (*frame)(unsafe.Pointer(u))
	for r := range f.rep {
		for i := range f.mr {
			var acc [16]float32
			a, b := r*f.repA+i*f.rsa, 0
			for range f.segs {
				for range f.k {
					x := *(*float32)(unsafe.Add(f.a, a))
					// Written so that compilers that fuse (arm64, GOAMD64=v3) do, like the vector tiles.
					for j, y := range unsafe.Slice((*float32)(unsafe.Add(f.b, b)), f.cols) {
						acc[j&15] += x * y
					}
					a += f.csa
					b += f.ldb
				}
				a += f.segA
				b += f.segB
			}
			c := unsafe.Slice((*float32)(unsafe.Add(f.c, r*f.repC+i*f.ldc)), f.cols)
			for j := range c {
				if f.add != 0 {
					c[j] += acc[j&15]
				} else {
					c[j] = acc[j&15]
				}
			}
		}
	}
}

var peakSink float32

func peakPlain(n int) float64 {
	var a, b, c, d float32
	x, y := float32(1), peakSink
	for range n {
		a += x * y
		b += x * y
		c += x * y
		d += x * y
		x, y = y, x
	}
	peakSink = (a + b + c + d) * 0
	return 2 * 4 * float64(n)
}
