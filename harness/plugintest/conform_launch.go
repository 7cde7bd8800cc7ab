package plugintest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// answerTime is how long a program may take to print its first line. Interpreters take seconds on a busy machine.
const answerTime = 30 * time.Second

var launchChecks = []Check{
	{ID: "L1", Level: Must, Reason: "prints exactly the handshake line to standard output, nothing before it",
		run: func(s *subject) error {
			lines, err := s.raw("1", answerTime)
			if err != nil {
				return err
			}
			if n := strings.Count(lines[0], "|"); !strings.HasPrefix(lines[0], "1|") || n < 4 {
				return fmt.Errorf("the first line is %q: expected 1|1|unix|PATH|grpc", lines[0])
			}
			if len(lines) > 1 {
				return fmt.Errorf("%q follows the handshake line within half a second", lines[1])
			}
			return nil
		}},
	{ID: "L2", Level: Should, Reason: "started by hand, without the cookie, it says what it is and exits with an error",
		run: (*subject).byHand},
	{ID: "L3", Level: Must, Reason: "without a common protocol version it answers with its own, so that the host can name both",
		run: func(s *subject) error {
			lines, err := s.raw("77", answerTime)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(lines[0], "1|1|") {
				return fmt.Errorf("asked for version 77 the line is %q: expected 1|1|…", lines[0])
			}
			return nil
		}},
	{ID: "L4", Level: Must, Reason: "its health service says SERVING",
		run: func(s *subject) error {
			p, err := s.launch(pluginhost.LaunchOptions{})
			if err != nil {
				return err
			}
			defer p.Stop()
			return p.Ping()
		}},
	{ID: "L5", Level: Should, Reason: "works with one-time certificates and without them, whatever its manifest says",
		run: func(s *subject) error {
			other := &subject{ctx: s.ctx, program: s.program}
			other.program.MTLS = !s.program.MTLS
			_, err := other.describe()
			return err
		}},
	{ID: "L6", Level: Must, Reason: "starts with the allow-listed environment only, in a foreign directory, with a long path to its socket",
		run: func(s *subject) error {
			_, err := s.raw("1", answerTime) // raw has all three
			return err
		}},
	{ID: "L7", Level: Must, Reason: "Describe says the same every time, and needs no arena",
		run: func(s *subject) error {
			again, err := s.describe()
			if err == nil && !reflect.DeepEqual(again, s.info) {
				err = fmt.Errorf("first %+v\nthen %+v", s.info, again)
			}
			return err
		}},
	{ID: "L8", Level: Must, Reason: "its files are those the lock names",
		run: func(s *subject) error {
			switch {
			case s.program.Bundled:
				return skip("bundled plugins have no files of their own")
			case s.options.Pinned == nil:
				return skip("no lock names it: bench plugin lock writes one")
			}
			if changes := s.options.Pinned.Changes(s.program); len(changes) > 0 {
				return errors.New(strings.Join(changes, "\n"))
			}
			return nil
		}},
}

// raw starts the program with nothing but what the protocol promises it, in a directory of its own with a path of 90
// bytes, and returns the lines it prints to standard output until half a second after the first one.
func (s *subject) raw(versions string, wait time.Duration) ([]string, error) {
	dir, err := os.MkdirTemp("/tmp", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	sockets := dir + "/" + strings.Repeat("s", 90-len(dir)-1)
	if err := os.Mkdir(sockets, 0o700); err != nil {
		return nil, err
	}
	cmd, out, stderr, err := s.start(dir, []string{
		pluginhost.Cookie, "PLUGIN_PROTOCOL_VERSIONS=" + versions, "PLUGIN_UNIX_SOCKET_DIR=" + sockets,
		"GOMAXPROCS=1", "OMP_NUM_THREADS=1",
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var lines []string
	limit := time.NewTimer(wait)
	defer limit.Stop()
	for {
		select {
		case line, ok := <-out:
			if !ok {
				if len(lines) > 0 {
					return lines, nil // standard output may be closed or turned elsewhere after the line
				}
				return nil, fmt.Errorf("the program ended without a handshake line\n%s", stderr)
			}
			lines = append(lines, line)
			limit.Reset(500 * time.Millisecond)
		case <-limit.C:
			if len(lines) == 0 {
				return nil, fmt.Errorf("no handshake line within %v\n%s", wait, stderr)
			}
			return lines, nil
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		}
	}
}

// start starts the program in dir with PATH, HOME and LANG, an empty standard input and these variables.
func (s *subject) start(dir string, env []string) (*exec.Cmd, <-chan string, *bytes.Buffer, error) {
	cmd := exec.Command(s.program.Command[0], s.program.Command[1:]...)
	cmd.Dir = dir
	cmd.Env = env
	for _, name := range []string{"PATH", "HOME", "LANG"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	arena, err := os.CreateTemp(dir, "arena")
	if err != nil {
		return nil, nil, nil, err
	}
	defer arena.Close()
	cmd.ExtraFiles = []*os.File{arena}
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, nil, err
	}
	lines := make(chan string, 64)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(pipe); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return cmd, lines, stderr, nil
}

func (s *subject) byHand() error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(s.ctx, answerTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program.Command[0], s.program.Command[1:]...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	said, err := cmd.CombinedOutput()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("it was still running after %v", answerTime)
	case err == nil:
		return errors.New("it exited with status 0")
	case len(bytes.TrimSpace(said)) == 0:
		return fmt.Errorf("%s said nothing (%v)", filepath.Base(cmd.Path), err)
	}
	return nil
}
