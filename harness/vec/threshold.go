package vec

import "math"

// AbsTopKThreshold returns the element with index int(k·len(x)) (counted from 0) of |x| sorted in descending order:
// clipping x to plus or minus this number changes at most that many elements. k is a fraction in [0, 1]; it panics
// outside. k = 0 gives the largest |x_i|. k = 1, and every k for an empty vector, asks for the element behind the last
// one and gives 0. NaN counts as larger than infinity. The index is the float64 product, truncated.
//
// It is a radix selection on the bit patterns: three passes over x whatever the data, no scratch memory.
func AbsTopKThreshold(x []float32, k float64) float32 {
	if !(k >= 0 && k <= 1) {
		panic("vec: AbsTopKThreshold of a fraction outside [0, 1]")
	}
	rank := int(k * float64(len(x)))
	if rank >= len(x) {
		return 0
	}
	// Of the 31 bits without the sign, the passes fix 11 (exponent and the first bits of the fraction), 10 and 10.
	var high [1 << 11]int
	for _, v := range x {
		high[math.Float32bits(v)&^signBit>>20]++
	}
	prefix, rank := findRank(high[:], rank)
	var low [1 << 10]int
	for _, v := range x {
		if b := math.Float32bits(v) &^ signBit; b>>20 == prefix {
			low[b>>10&1023]++
		}
	}
	next, rank := findRank(low[:], rank)
	prefix = prefix<<10 | next
	clear(low[:])
	for _, v := range x {
		if b := math.Float32bits(v) &^ signBit; b>>10 == prefix {
			low[b&1023]++
		}
	}
	next, _ = findRank(low[:], rank)
	return math.Float32frombits(prefix<<10 | next)
}

// findRank returns the bucket that holds the element of the given descending rank, and its rank within the bucket.
func findRank(count []int, rank int) (uint32, int) {
	for b := len(count) - 1; ; b-- {
		if rank < count[b] {
			return uint32(b), rank
		}
		rank -= count[b]
	}
}
