package plugintest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

var lifeChecks = []Check{
	{ID: "F1", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "is gone, with its children, within 5 s after its host was killed",
		run: (*subject).orphaned},
	{ID: "F2", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "is gone within 5 s after its session has been cut off, whatever it is doing",
		run: func(s *subject) error {
			c, err := s.digits(1 << 40)
			if err != nil {
				return err
			}
			p, err := s.launch(pluginhost.LaunchOptions{})
			if err != nil {
				return err
			}
			defer p.Stop()
			left := false
			_, err = p.Optimize(s.ctx, c.session(nil, func(k pluginhost.Commit) bool {
				if k.Step < 3 {
					return false
				}
				left = p.HangUp(5 * time.Second)
				return true
			}))
			if !errors.Is(err, errEnough) {
				return fmt.Errorf("the session ended with %w", err)
			}
			if !left {
				return errors.New("it was still there 5 s later")
			}
			return nil
		}},
	{ID: "F3", Level: Must, Reason: "ends by itself when it is told to",
		run: func(s *subject) error {
			p, err := s.launch(pluginhost.LaunchOptions{})
			if err != nil {
				return err
			}
			if _, err := p.Describe(s.ctx); err != nil {
				p.Stop()
				return err
			}
			p.Stop()
			if !p.Left() {
				return errors.New("it was still there half a second after Shutdown and had to be killed")
			}
			return nil
		}},
	{ID: "F4", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "an interrupt does not end it: only the host hears Ctrl-C",
		run: func(s *subject) error {
			c, err := s.digits(10)
			if err != nil {
				return err
			}
			p, err := s.launch(pluginhost.LaunchOptions{})
			if err != nil {
				return err
			}
			defer p.Stop()
			c.OnCommit = func(k pluginhost.Commit) {
				if k.Step == 3 {
					if process, err := os.FindProcess(p.Pid()); err == nil {
						_ = process.Signal(os.Interrupt)
					}
				}
			}
			_, out, err := s.trainIn(p, c, nil)
			if err == nil && out.Status != "completed" {
				err = fmt.Errorf("the run ended as %q: %s", out.Status, out.Detail)
			}
			return err
		}},
	{ID: "F5", Level: Must, Reason: "leaves no files behind",
		run: func(s *subject) error {
			dir, err := os.MkdirTemp("", "bench-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			if err := s.sessionWith(6, pluginhost.LaunchOptions{Env: []string{"TMPDIR=" + dir}}); err != nil {
				return err
			}
			left, err := os.ReadDir(dir)
			if err != nil {
				return err
			}
			if len(left) > 0 {
				return fmt.Errorf("%s and %d more are left in TMPDIR", left[0].Name(), len(left)-1)
			}
			return nil
		}},
}

// HostUntilKilled launches an optimizer, begins a session that never ends, prints the number of its process and goes on
// until it is killed. It is the main function of a host that a check kills.
func HostUntilKilled(program pluginhost.Program) error {
	ctx := context.Background()
	p, err := pluginhost.Launch(ctx, program, pluginhost.LaunchOptions{})
	if err != nil {
		return err
	}
	s := &subject{ctx: ctx, program: program}
	c, err := s.disturbed(1<<40, func(int) error { time.Sleep(10 * time.Millisecond); return nil })
	if err != nil {
		return err
	}
	c.OnCommit = func(k pluginhost.Commit) {
		if k.Step == 3 {
			fmt.Println("pid", p.Pid())
		}
	}
	_, err = p.Optimize(ctx, c.session(nil, func(pluginhost.Commit) bool { return false }))
	return err
}

func (s *subject) orphaned() error {
	if s.options.Host == nil {
		return skip("there is no host here that could be killed")
	}
	cmd := exec.CommandContext(s.ctx, s.options.Host[0], s.options.Host[1:]...)
	cmd.Stderr = &s.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, bad := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
	if err != nil || bad != nil {
		return fmt.Errorf("the host that was to be killed did not get as far as three steps: %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		return err
	}
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		// The plugin leads a process group of its own.
		if errors.Is(groupAlive(pid), syscall.ESRCH) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	killGroup(pid)
	return errors.New("it was still there 5 s later")
}
