package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// command runs a plugin program for go-plugin. Its own way of doing so reads the host's standard input, waits for
// pipes that grandchildren hold open, and does not know process groups.
type command struct {
	cmd        *exec.Cmd
	out        *output
	outR, errR *os.File

	exited  chan struct{} // closed when the program has ended and its group has been killed
	err     error         // how it ended, once exited is closed
	drained chan struct{} // closed when standard error has been read to its end
	once    sync.Once

	shared bool // the program is in the host's group: nothing but itself may be killed
	mu     sync.Mutex
	killed bool // also before it was started
	gone   bool // the process has been waited for: its number may belong to another one
}

func newCommand(argv []string, dir string, env []string, inherit []*os.File, out *output) *command {
	c := &command{cmd: exec.Command(argv[0], argv[1:]...), out: out, exited: make(chan struct{}), drained: make(chan struct{})}
	c.cmd.Dir, c.cmd.Env = dir, env
	c.cmd.ExtraFiles = inherit
	ownGroup(c.cmd)
	return c
}

// foreground makes the program share the host's standard input and process group.
func (c *command) foreground() {
	c.shared = true
	c.cmd.Stdin = os.Stdin
	c.cmd.SysProcAttr = nil
}

// end kills the program and, if it has a group of its own, that.
func (c *command) end() {
	if c.shared {
		_ = c.cmd.Process.Kill()
		return
	}
	killGroup(c.cmd)
}

// Start starts the program; standard input is empty.
func (c *command) Start(context.Context) error {
	outR, outW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer outW.Close()
	errR, errW, err := os.Pipe()
	if err != nil {
		outR.Close()
		return err
	}
	defer errW.Close()
	c.cmd.Stdout, c.cmd.Stderr = outW, errW
	if err := c.launch(); err != nil {
		outR.Close()
		errR.Close()
		return err
	}
	c.outR, c.errR = outR, errR
	go func() {
		c.err = c.cmd.Wait()
		c.mu.Lock()
		c.gone = true
		if !c.shared {
			killGroup(c.cmd) // what is left of it
		}
		c.mu.Unlock()
		close(c.exited)
	}()
	return nil
}

func (c *command) launch() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.killed {
		return errors.New("canceled")
	}
	return c.cmd.Start()
}

// kill ends the program and everything in its group.
func (c *command) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if c.cmd.Process != nil && !c.gone {
		c.end()
	}
}

// waitDrained waits until everything the program has printed to standard error is in the output, at most d: a
// grandchild may hold the pipe open for ever.
func (c *command) waitDrained(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.drained:
	case <-t.C:
	}
}

// waitExit reports whether the program ends within d.
func (c *command) waitExit(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-c.exited:
		return true
	case <-t.C:
		return false
	}
}

// closePipes unblocks whoever reads the program's output, even when a grandchild outside the group still holds it.
func (c *command) closePipes() {
	if c.outR != nil {
		c.outR.Close()
		c.errR.Close()
	}
}

// state describes how the program ended; it must have.
func (c *command) state() (text string, success bool) {
	if c.err == nil {
		return "exit status 0", true
	}
	return c.err.Error(), false
}

func (c *command) Wait(context.Context) error { <-c.exited; return c.err }
func (c *command) Kill(context.Context) error { c.kill(); return nil }

func (c *command) Stdout() io.ReadCloser { return &firstLine{ReadCloser: c.outR, rest: c.out} }
func (c *command) Stderr() io.ReadCloser { return &errorStream{ReadCloser: c.errR, c: c} }

// errorStream copies what go-plugin reads to the output, byte for byte.
type errorStream struct {
	io.ReadCloser
	c *command
}

func (s *errorStream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	_, _ = s.c.out.Write(p[:n])
	if err != nil {
		s.c.once.Do(func() { close(s.c.drained) })
	}
	return n, err
}

func (c *command) Name() string { return c.cmd.Path }

// ID is the number of the process, "" before there is one.
func (c *command) ID() string {
	if c.cmd.Process == nil {
		return ""
	}
	return fmt.Sprint(c.cmd.Process.Pid)
}

func (c *command) Diagnose(context.Context) string { return "" }

func (c *command) PluginToHost(network, addr string) (string, string, error) {
	return network, addr, nil
}

func (c *command) HostToPlugin(network, addr string) (string, string, error) {
	return network, addr, nil
}
