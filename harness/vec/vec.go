// Package vec holds the float32 vector kernels that optimizers and sharpness metrics share, so that no plugin writes its
// own loops over millions of parameters.
//
// Conventions, for every function:
//
//   - The vector written to comes first. It may be the very same slice as any other argument; slices that overlap in
//     part give undefined results. Arguments that are only read are never modified.
//   - All vectors of a call have the same length, else the call panics: that is a bug of the caller. Length 0 is fine.
//   - Results are the same bits on every machine. Elementwise functions round each product and each sum to float32 on
//     its own; nothing is fused (the explicit float32 conversions in the code are what the Go specification asks for to
//     rule out fused multiply-add). Reductions add in float64, where the product of two float32 numbers is exact, in
//     the order that Dot documents.
//   - NaN and infinities follow IEEE 754 unless the function says otherwise. Nothing is checked; see Finite. Which of
//     the many bit patterns of NaN a result has is left open.
//
// On processors with AVX2 routines in assembly, written by the generator in gen/, do the elements that fill vectors of
// eight; the loops in Go do the rest, and everything on other machines and under the build tag purego. Both give the
// same bits.
//
// No function allocates.
package vec

import "fmt"

//go:generate sh -c "cd gen && go run . -out ../kernel_amd64.s -stubs ../kernel_amd64.go -pkg vec && mv kernel_other.go .. && gofmt -w ../kernel_other.go"

func sameLen(name string, a, b int) {
	if a != b {
		panic(fmt.Sprintf("vec: %s of vectors of %d and %d elements", name, a, b))
	}
}

func sameLen3(name string, a, b, c int) {
	if a != b || a != c {
		panic(fmt.Sprintf("vec: %s of vectors of %d, %d and %d elements", name, a, b, c))
	}
}
