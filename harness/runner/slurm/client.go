package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Client talks to Slurm through its commands, as a person would. The zero value is ready.
type Client struct {
	Env []string // added to the environment of the commands
	// Pause is how long to wait after a command that got no answer; nil: 2, 4, 8 … seconds, never more than 30.
	Pause func(attempt int) time.Duration
}

// commandLimit is how long a command may take. One that cannot reach the controller gives up after 9 seconds by itself.
const commandLimit = time.Minute

// Failed is a command of Slurm that did not work.
type Failed struct {
	Command string
	Message string // the last lines of what it said
}

func (f *Failed) Error() string { return f.Command + ": " + f.Message }

// run executes a command and returns what it printed.
func (c *Client) run(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	cmd.Env = append(cmd.Environ(), c.Env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", &Failed{name, "there is no such command: is this a machine of the cluster?"}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", &Failed{name, fmt.Sprintf("no answer within %s: timed out", commandLimit)}
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	message := strings.Join(lines[max(0, len(lines)-3):], "; ")
	if message == "" {
		message = err.Error()
	}
	return out.String(), &Failed{name, message}
}

// unanswered are the words of commands that got no answer, so that nobody knows whether they were obeyed.
var unanswered = regexp.MustCompile(`(?i)unable to contact|timed out|communication connection|connection refused|zero bytes|transport endpoint|connection reset|message receive|message send|unexpected message|try again|temporarily`)

// noAnswer reports whether an error leaves open what became of the command.
func noAnswer(err error) bool {
	var f *Failed
	return errors.As(err, &f) && unanswered.MatchString(f.Message)
}

func (c *Client) wait(ctx context.Context, attempt int) error {
	pause := time.Duration(min(30, 1<<attempt)) * time.Second
	if c.Pause != nil {
		pause = c.Pause(attempt)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// attempts is how often an unanswered command is tried.
const attempts = 5

// Submit hands a script to sbatch and returns the number of the job. name is its job name, which nobody else uses: when no
// answer arrives, or when look says that an earlier process may have got so far, the job is looked for under its name
// before it is submitted again.
func (c *Client) Submit(ctx context.Context, name, script string, args []string, look bool) (string, error) {
	var last error
	for attempt := 1; attempt <= attempts; attempt++ {
		if look {
			ids, err := c.Named(ctx, name)
			if err == nil && len(ids) > 0 {
				return c.adopt(ctx, ids)
			}
			if err != nil {
				last = err
				if attempt < attempts {
					if err := c.wait(ctx, attempt); err != nil {
						return "", err
					}
				}
				continue
			}
		}
		out, err := c.run(ctx, "sbatch", slices.Concat([]string{"--parsable"}, args, []string{script})...)
		if err == nil {
			id, _, _ := strings.Cut(strings.TrimSpace(out), ";")
			if n, err := strconv.Atoi(id); err == nil && n > 0 {
				return id, nil
			}
			err = &Failed{"sbatch", fmt.Sprintf("expected the number of a job, found %q", strings.TrimSpace(out))}
			// It said yes; whatever it printed, the job is there.
			if ids, lookErr := c.Named(ctx, name); lookErr == nil && len(ids) > 0 {
				return c.adopt(ctx, ids)
			}
			return "", err
		}
		if !noAnswer(err) {
			return "", err
		}
		last, look = err, true
		if attempt < attempts {
			if err := c.wait(ctx, attempt); err != nil {
				return "", err
			}
		}
	}
	return "", fmt.Errorf("job %s could not be submitted, or no answer arrived: %w", name, last)
}

// adopt takes the first of the jobs of one name and ends the others: a lost answer may have led to a second.
func (c *Client) adopt(ctx context.Context, ids []string) (string, error) {
	if len(ids) > 1 {
		if err := c.Cancel(ctx, ids[1:]...); err != nil {
			return "", fmt.Errorf("a job is in the queue twice, as %s: %w", strings.Join(ids, " and "), err)
		}
	}
	return ids[0], nil
}

// Named lists the jobs of a name that Slurm remembers, the oldest first: those of squeue, and those that have ended as far
// as sacct knows them.
func (c *Client) Named(ctx context.Context, name string) ([]string, error) {
	out, err := c.run(ctx, "squeue", "-h", "-t", "all", "--name="+name, "-o", "%F %j")
	if err != nil {
		return nil, err
	}
	found := map[int]bool{}
	note := func(id, of string) {
		if n, err := strconv.Atoi(id); err == nil && of == name {
			found[n] = true
		}
	}
	for _, line := range strings.Split(out, "\n") {
		if f := strings.Fields(line); len(f) == 2 {
			note(f[0], f[1])
		}
	}
	// Without accounting there is no sacct, and squeue is all there is.
	if out, err := c.run(ctx, "sacct", "-n", "-P", "-X", "--name="+name, "-S", "now-7days", "-o", "JobID,JobName"); err == nil {
		for _, line := range strings.Split(out, "\n") {
			id, of, _ := strings.Cut(strings.TrimSpace(line), "|")
			id, _, _ = strings.Cut(id, "_")
			note(id, of)
		}
	}
	var ids []string
	for n := range found {
		ids = append(ids, strconv.Itoa(n))
	}
	slices.SortFunc(ids, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	return ids, nil
}

// Cancel ends jobs. One that has ended already is no error.
func (c *Client) Cancel(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	var err error
	for attempt := 1; attempt <= attempts; attempt++ {
		_, err = c.run(ctx, "scancel", ids...)
		if err == nil || strings.Contains(err.Error(), "Invalid job id") || strings.Contains(err.Error(), "already completing or completed") {
			return nil
		}
		if !noAnswer(err) || attempt == attempts {
			break
		}
		if err := c.wait(ctx, attempt); err != nil {
			return err
		}
	}
	return err
}

// Requeue puts a running job back into the queue: array task JOB_TASK, or JOB. It ends the caller if that is the job.
func (c *Client) Requeue(ctx context.Context, job string) error {
	var err error
	for attempt := 1; attempt <= attempts; attempt++ {
		if _, err = c.run(ctx, "scontrol", "requeue", job); err == nil || !noAnswer(err) || attempt == attempts {
			break
		}
		if err := c.wait(ctx, attempt); err != nil {
			return err
		}
	}
	return err
}

// Limits are what a cluster allows. 0 is unknown or unlimited.
type Limits struct {
	ArraySize int // the highest index of an array is one less
	Submit    int // jobs of this user in the queue
}

// Limits asks for the limits; what Slurm does not tell is unknown.
func (c *Client) Limits(ctx context.Context) (Limits, error) {
	out, err := c.run(ctx, "scontrol", "show", "config")
	if err != nil {
		return Limits{}, err
	}
	var l Limits
	for _, line := range strings.Split(out, "\n") {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		n, _ := strconv.Atoi(strings.TrimSpace(value))
		switch strings.TrimSpace(key) {
		case "MaxArraySize":
			l.ArraySize = n
		case "MaxJobCount":
			l.Submit = n // of all users together: no more than an upper bound
		}
	}
	// Limits of users and their accounts are known to the accounting only, where there is one.
	if out, err := c.run(ctx, "sacctmgr", "-n", "-P", "show", "assoc", "where", "user="+userName(), "format=MaxSubmitJobs"); err == nil {
		most := 0
		for _, line := range strings.Fields(out) {
			// With several accounts, the one with the most stands for the default: too many are refused and said.
			if n, err := strconv.Atoi(strings.Trim(line, "|")); err == nil {
				most = max(most, n)
			}
		}
		if most > 0 && (l.Submit == 0 || most < l.Submit) {
			l.Submit = most
		}
	}
	return l, nil
}
