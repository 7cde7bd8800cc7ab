//go:build !purego

package kernel

// The functions below report whether they did the work, which is not empty.

func expVector(dst, x []float32) bool { return vector(exp8, dst, x) }

func tanhVector(dst, x []float32) bool { return vector(tanh8, dst, x) }

func tanhGradVector(dst, x []float32) bool { return vector(tanhGrad8, dst, x) }

func tanhSecondVector(dst, x []float32) bool { return vector(tanhSecond8, dst, x) }

func geluVector(dst, x []float32) bool { return vector(gelu8, dst, x) }

func geluGradVector(dst, x []float32) bool { return vector(geluGrad8, dst, x) }

func geluSecondVector(dst, x []float32) bool { return vector(geluSecond8, dst, x) }

func vector(f func(dst, x *float32, n int), dst, x []float32) bool {
	if isa == Plain {
		return false
	}
	f(&dst[0], &x[0], len(x))
	return true
}

func softmaxVector(x []float32, cols int) bool {
	if isa == Plain {
		return false
	}
	softmaxRows(&x[0], len(x)/cols, cols)
	return true
}

// multiplyVector and addVector return how many elements they did.

func multiplyVector(dst, x []float32) int { return vectors(multiply8, dst, x) }

func addVector(dst, x []float32) int { return vectors(add8, dst, x) }

func vectors(f func(dst, x *float32, vectors int), dst, x []float32) int {
	n := len(x) / 8
	if isa == Plain || n == 0 {
		return 0
	}
	f(&dst[0], &x[0], n)
	return 8 * n
}
