//go:build !amd64 || purego

package kernel

// Without vector routines no channel is done in advance.

func sumsVector(x []float32, n, c int, sum []float64) int { return 0 }

func squaredDeviationsVector(x []float32, n, c int, mean, sum []float64) int { return 0 }

func gradSumsVector(d, x []float32, n, c int, mean, s1, s2 []float64) int { return 0 }

func (f *Affine) reluGradSumsVector(dy, x []float32, n int, mean, s1, s2 []float64) int { return 0 }

func maskGradVector(y, dy, d []float32) int { return 0 }

func (f *Affine) applyVector(x, z []float32, n, c int) int { return 0 }

func (f *Affine) reluVector(x, y []float32, n, c int) int { return 0 }

func (f *Affine) reluPoolVector(top, bottom, y, at []float32, which []uint8, n, c int) int { return 0 }

func poolVector(z, x, y, at []float32, which []uint8, line, n, c int) int { return 0 }

func (s *Spread) gradVector(d, x, dx []float32, n, c int) int { return 0 }

func (s *Spread) reluGradVector(f *Affine, dy, x, dx []float32, n, c int) int { return 0 }

func (s *Spread) poolGradVector(d []float32, which []uint8, top, bottom, dTop, dBottom []float32, n, c int) int {
	return 0
}
