//go:build !unix

package sdk

// protectStdout does nothing here: there are no descriptors to exchange.
func protectStdout() {}
