// Package sdktest lets the tests of a plugin run it as what it is: a process of its own, talking to a real host.
package sdktest

import (
	"os"
	"testing"

	"github.com/sharpbench/sharpbench/harness/proto"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// TestMain is the main function of a plugin's tests:
//
//	func TestMain(m *testing.M) { sdktest.TestMain(m, New()) }
//
// When harness/plugintest starts the test binary as a plugin it serves p, an Optimizer, a Stepper or a Metric;
// otherwise it runs the tests.
func TestMain(m *testing.M, p any) {
	if len(os.Args) > 1 && os.Args[1] == proto.TestServe {
		sdk.Serve(p)
		return
	}
	os.Exit(m.Run())
}
