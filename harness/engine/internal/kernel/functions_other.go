//go:build !amd64 || purego

package kernel

// Without vector routines nothing is done in advance.

func expVector(dst, x []float32) bool { return false }

func tanhVector(dst, x []float32) bool { return false }

func tanhGradVector(dst, x []float32) bool { return false }

func tanhSecondVector(dst, x []float32) bool { return false }

func geluVector(dst, x []float32) bool { return false }

func geluGradVector(dst, x []float32) bool { return false }

func geluSecondVector(dst, x []float32) bool { return false }

func softmaxVector(x []float32, cols int) bool { return false }

func multiplyVector(dst, x []float32) int { return 0 }

func addVector(dst, x []float32) int { return 0 }
