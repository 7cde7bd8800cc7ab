//go:build !amd64 || purego

package vec

func filled(int) int { return 0 }
