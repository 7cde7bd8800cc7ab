package engine

import (
	"time"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// ISA names the instruction set the engine's routines use on this machine: "AVX-512", "AVX2" or "plain Go".
func ISA() string { return kernel.Current().String() }

// FMAPeak measures the most multiply-adds that one core does with these instructions when nothing waits for memory, in
// GFLOP/s: a loop of independent operations in registers, the best of several short runs. It takes about 50 ms. Benchmarks
// print their speed as a fraction of it.
func FMAPeak() float64 {
	var best float64
	n := 1 << 10
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
		start := time.Now()
		flops := kernel.Peak(n)
		took := time.Since(start)
		if took < time.Millisecond {
			n *= 2 // too short to time
			continue
		}
		best = max(best, flops/float64(took.Nanoseconds()))
	}
	return best
}
