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
//     the order that Dot documents. Faster versions of these kernels keep both properties.
//   - NaN and infinities follow IEEE 754 unless the function says otherwise. Nothing is checked; see Finite.
//
// No function allocates.
package vec

import "fmt"

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
