package suite

import (
	"bytes"
	"math"
	"testing"
)

// Seeds is only a shorter way to the text of JSON.
func TestSeeds(t *testing.T) {
	spec := TrainingSpec{Kind: "training", Params: map[string]any{"seed": 1.0, "warmup_seed": 2.0, "lr": 0.1}, Seed: 7, Engine: 1}
	text := spec.Seeds()
	for _, seed := range []uint64{0, 1, 2, 9, 10, 12345678901234567890, math.MaxUint64} {
		spec.Seed = seed
		if got, want := text(seed), spec.JSON(); !bytes.Equal(got, want) {
			t.Errorf("seed %d:\n%s, want\n%s", seed, got, want)
		}
	}
}
