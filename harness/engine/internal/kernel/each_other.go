//go:build !amd64 || purego

package kernel

// Without vector routines no column is done in advance.

func squaredNormVector(x []float32, lanes *[16]float64) int { return 0 }

func addScaledVector(out, c, x []float32, stride int) int { return 0 }

func (r *Rows) addClampedVector(clip float32, out []float32) int { return 0 }

func (r *Rows) addSquaresVector(out []float32) int { return 0 }
