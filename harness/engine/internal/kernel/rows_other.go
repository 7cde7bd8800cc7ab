//go:build !amd64 || purego

package kernel

func rowSumsVector(x []float32, c int, sum []float64) bool { return false }

func rowDotsVector(x []float32, strideX int, y []float32, strideY, c int, dot []float64) bool {
	return false
}

func rowDeviationsVector(x []float32, c int, mean, sum []float64) bool { return false }

func standardiseVector(x []float32, c int, mean, inv, y []float32) int { return 0 }

func columnAffineVector(x, scale, shift, y []float32, n, c int) int { return 0 }

func rowProjectVector(a, x []float32, c int, offset, slope, inv, y []float32) int { return 0 }

func rowAddVector(x []float32, c int, factor, y []float32) int { return 0 }

func rowGateVector(p, d []float32, c int, delta []float32, scale float32, y []float32) int { return 0 }

func transposeVector(x []float32, m, n, strideX int, scale float32, y []float32, strideY int) (rows, cols int) {
	return 0, 0
}
