//go:build !unix

package store

func isInvalid(error) bool { return false }
