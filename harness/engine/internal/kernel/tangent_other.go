//go:build !amd64 || purego

package kernel

func (t *Tangent) affineVector(x, rx, rz []float32, n, c int) int { return 0 }

func (t *Tangent) reluVector(x, rx, y, ry []float32, n, c int) int { return 0 }

func gatherVector(top, bottom []float32, which []uint8, at []float32, n, c int) int { return 0 }

func tangentSumsVector(d, rd, x, rx []float32, n, c int, mean, t1, t2 []float64) int { return 0 }

func (s *SpreadTangent) gradVector(d, rd, x, rx, rdx []float32, n, c int) int { return 0 }

func (s *SpreadTangent) poolGradVector(d, rd []float32, which []uint8, first uint8, x, rx, rdx []float32, n, c int) int {
	return 0
}
