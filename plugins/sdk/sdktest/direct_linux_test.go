package sdktest_test

import (
	"golang.org/x/sys/unix"

	"github.com/sharpbench/sharpbench/plugins/sdk"
)

func init() {
	badOnes["D7"] = bad{step: func(s sdk.Session, g sdk.Vec) error {
		// Without the direct socket this number is another file's, if any's.
		if kind, err := unix.GetsockoptInt(4, unix.SOL_SOCKET, unix.SO_TYPE); err == nil && kind == unix.SOCK_SEQPACKET {
			s.W()[0] += 1e-3
		}
		return nil
	}}
}
