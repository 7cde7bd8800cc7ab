package vec

import (
	"math"
	"math/bits"
)

// AbsTopKThreshold returns the element with index int(k·len(x)) (counted from 0) of |x| sorted in descending order:
// clipping x to plus or minus this number changes at most that many elements. k is a fraction in [0, 1]; it panics
// outside. k = 0 gives the largest |x_i|. k = 1, and every k for an empty vector, asks for the element behind the last
// one and gives 0. NaN counts as larger than infinity. The index is the float64 product, truncated.
//
// It is a radix selection on the bit patterns without scratch memory: two passes over a long vector whose elements
// resemble a sample of them, three or four over any other.
func AbsTopKThreshold(x []float32, k float64) float32 {
	if !(k >= 0 && k <= 1) {
		panic("vec: AbsTopKThreshold of a fraction outside [0, 1]")
	}
	rank := int(k * float64(len(x)))
	if rank >= len(x) {
		return 0
	}
	lo, hi := uint32(0), uint32(maxBits)
	if filled(len(x)) >= 32*sampleSize {
		lo, hi = likely(x, rank)
	}
	return math.Float32frombits(selectBits(x, rank, lo, hi))
}

// AbsTopKMask stores 1 in mask where |x| is among its n largest elements and 0 elsewhere. Of elements equal to the
// smallest one that is taken, those with the lowest indices are: exactly n elements of mask are 1. NaN counts as larger
// than infinity. It panics unless 0 <= n <= len(x). mask must not be x.
func AbsTopKMask(mask, x []float32, n int) {
	sameLen("AbsTopKMask", len(mask), len(x))
	switch {
	case n < 0 || n > len(x):
		panic("vec: AbsTopKMask of more elements than there are, or fewer than none")
	case n == 0:
		clear(mask)
		return
	}
	lo, hi := uint32(0), uint32(maxBits)
	if filled(len(x)) >= 32*sampleSize {
		lo, hi = likely(x, n-1)
	}
	bound := selectBits(x, n-1, lo, hi)
	// Without branches, because which elements are taken is as good as random: over is 1 for elements above the bound.
	above := 0
	for i, v := range x {
		b := math.Float32bits(v) &^ signBit
		over := (bound - b) >> 31
		above += int(over)
		mask[i] = math.Float32frombits(one & -over)
	}
	for i, left := 0, n-above; left > 0; i++ {
		if math.Float32bits(x[i])&^signBit == bound {
			mask[i] = 1
			left--
		}
	}
}

const (
	maxBits    = 1<<31 - 1 // of any element without its sign
	sampleSize = 1 << 10
	chunk      = 1 << 10 // elements that go through the filter at a time
)

// selectBits returns the bit pattern, without its sign, of the element with the given descending rank among |x|. The
// interval [lo, hi] is where to look first.
func selectBits(x []float32, rank int, lo, hi uint32) uint32 {
	var count [1 << 11]int
	for {
		shift := max(0, bits.Len32(hi-lo)-11)
		at := rank - countBits(x, lo, hi, shift, &count)
		b := len(count) - 1
		for ; at >= 0 && b >= 0 && at >= count[b]; b-- {
			at -= count[b]
		}
		switch {
		case at < 0 || b < 0: // The interval was a wrong guess.
			lo, hi = 0, maxBits
		case shift == 0:
			return lo + uint32(b)
		default:
			lo += uint32(b) << shift
			hi = min(hi, lo+1<<shift-1)
		}
		clear(count[:])
	}
}

// countBits counts the elements of |x| above hi, and in count those in [lo, hi] by (pattern − lo) >> shift.
func countBits(x []float32, lo, hi uint32, shift int, count *[1 << 11]int) (above int) {
	if n := filled(len(x)); n > 0 {
		var buf [chunk + 8]uint32
		for i := 0; i < n; i += chunk {
			inside, over := filter8(&x[i], min(chunk, n-i), lo, hi, &buf[0])
			above += over
			for _, b := range buf[:inside] {
				count[(b-lo)>>shift&(1<<11-1)]++
			}
		}
		x = x[n:]
	}
	for _, v := range x {
		if b := math.Float32bits(v) &^ signBit; b > hi {
			above++
		} else if b >= lo {
			count[(b-lo)>>shift&(1<<11-1)]++
		}
	}
	return above
}

// likely returns an interval of bit patterns that most probably has the element of the given rank: what the ranks four
// standard deviations around it are in a sample. Steps of the golden ratio keep the sample clear of periods in x.
func likely(x []float32, rank int) (lo, hi uint32) {
	var sample [sampleSize]float32
	at := uint64(0)
	for i := range sample {
		at += 0x9e3779b97f4a7c15
		j, _ := bits.Mul64(at, uint64(len(x)))
		sample[i] = x[j]
	}
	k := float64(rank) / float64(len(x))
	d := 4*math.Sqrt(k*(1-k)*sampleSize) + 2
	lo, hi = 0, maxBits
	if r := int(k*sampleSize + d); r < sampleSize {
		lo = selectBits(sample[:], r, 0, maxBits)
	}
	if r := int(k*sampleSize - d); r > 0 {
		hi = selectBits(sample[:], r, 0, maxBits)
	}
	return lo, hi
}
