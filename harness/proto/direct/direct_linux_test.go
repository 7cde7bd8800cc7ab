package direct

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair returns both ends in this process.
func pair(t *testing.T) (host, plugin *Conn) {
	t.Helper()
	host, f, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	if plugin, err = Open(fd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close(); plugin.Close() })
	return host, plugin
}

func receive(t *testing.T, c *Conn, want string) {
	t.Helper()
	buf := make([]byte, MaxPacket)
	n, err := c.Receive(buf, 10*time.Second)
	if err != nil || string(buf[:n]) != want {
		t.Errorf("received %.20q (%d bytes), %v; want %.20q (%d bytes)", buf[:n], n, err, want, len(want))
	}
}

func TestPacketsKeepTheirBoundsAndOrder(t *testing.T) {
	host, plugin := pair(t)
	largest := strings.Repeat("x", MaxPacket)
	for _, p := range []string{"a", largest, "bc"} {
		if err := host.Send([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	if !plugin.Waiting() || host.Waiting() {
		t.Error("Waiting is wrong about what there is")
	}
	for _, p := range []string{"a", largest, "bc"} {
		receive(t, plugin, p)
	}
	if plugin.Waiting() {
		t.Error("something is waiting")
	}
	if err := plugin.Send([]byte("back")); err != nil {
		t.Fatal(err)
	}
	receive(t, host, "back")
}

func TestTimeoutsAndWaking(t *testing.T) {
	host, plugin := pair(t)
	buf := make([]byte, MaxPacket)
	begin := time.Now()
	if _, err := host.Receive(buf, 20*time.Millisecond); err != ErrTimeout || time.Since(begin) < 20*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	if _, err := plugin.Receive(buf, 0); err != ErrTimeout {
		t.Error(err)
	}
	host.Wake()
	host.Wake()
	if _, err := host.Receive(buf, 10*time.Second); err != ErrWoken {
		t.Error(err)
	}
	if _, err := host.Receive(buf, 0); err != ErrTimeout {
		t.Errorf("%v: woken a second time", err)
	}
	time.AfterFunc(20*time.Millisecond, host.Wake)
	if _, err := host.Receive(buf, -1); err != ErrWoken {
		t.Error(err)
	}
	// What has arrived comes first.
	host.Wake()
	if err := plugin.Send([]byte("first")); err != nil {
		t.Fatal(err)
	}
	receive(t, host, "first")
	if _, err := host.Receive(buf, 10*time.Second); err != ErrWoken {
		t.Error(err)
	}
}

// What one side said before it went is heard, also when it has not read what it was told.
func TestTheOtherSideIsGone(t *testing.T) {
	host, plugin := pair(t)
	buf := make([]byte, MaxPacket)
	if err := host.Send([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	if err := plugin.Send([]byte("the last word")); err != nil {
		t.Fatal(err)
	}
	plugin.Close()
	receive(t, host, "the last word")
	for range 2 {
		if _, err := host.Receive(buf, 10*time.Second); err != io.EOF {
			t.Error(err)
		}
		if err := host.SendNow([]byte("anybody?")); err != io.EOF {
			t.Error(err)
		}
	}
	host.Close()
	host.Close()
	host.Wake()
}

func TestSendNowDoesNotWait(t *testing.T) {
	host, plugin := pair(t)
	packet := bytes.Repeat([]byte{1}, MaxPacket)
	sent := 0
	for ; ; sent++ {
		if err := host.SendNow(packet); err == ErrFull {
			break
		} else if err != nil || sent == 1000 {
			t.Fatal(sent, err)
		}
	}
	for range sent {
		receive(t, plugin, string(packet))
	}
}

func TestOpenTakesOnlyItsOwn(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stream, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(stream)
	for _, fd := range []int{int(f.Fd()), stream, 1 << 20} {
		if _, err := Open(fd); err == nil {
			t.Errorf("descriptor %d was accepted", fd)
		}
	}
	if _, err := Open(stream); !errors.Is(err, unix.EPROTOTYPE) {
		t.Error(err)
	}
}

func TestProcessors(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, now unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	p := Mine()
	if p == nil {
		if before.Count() > 1 {
			t.Error("nothing to choose from")
		}
		p.Bind(1) // no harm
		if p.Stay() != 0 {
			t.Error("a processor out of one")
		}
		return
	}
	defer p.Bind(0)
	n := p.Stay()
	if err := unix.SchedGetaffinity(0, &now); err != nil || n == 0 || now.Count() != 1 || !now.IsSet(int(n-1)) {
		t.Errorf("stays on %d, may run on %d processors, %v", n, now.Count(), err)
	}
	for _, elsewhere := range []uint32{1000, 0} {
		p.Bind(n)
		p.Bind(elsewhere) // one that is not there is none
		if err := unix.SchedGetaffinity(0, &now); err != nil || now != before {
			t.Errorf("bound to %d: may run on %d processors, before %d", elsewhere, now.Count(), before.Count())
		}
	}
}
