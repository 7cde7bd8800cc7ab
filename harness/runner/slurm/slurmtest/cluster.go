//go:build linux

// Package slurmtest starts a real Slurm for tests: a controller and several nodes on this machine, without systemd, control
// groups, a database or a port that others can reach. Its commands are those of the distribution: install slurm-wlm.
package slurmtest

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Cluster is a running Slurm. Its nodes are called node1, node2 and so on.
type Cluster struct {
	Conf string // SLURM_CONF for every command

	t     testing.TB
	dir   string
	ports []int
	ctld  *exec.Cmd
	nodes map[int]*exec.Cmd
}

// CPUs and Memory (MB) are what every node claims to have.
const (
	CPUs   = 2
	Memory = 8192
)

// commands are what must be installed; some are in /usr/sbin, which not everybody searches.
func program(name string) (string, error) {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		path := filepath.Join(dir, name)
		if st, err := os.Stat(path); err == nil && !st.IsDir() && st.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no %s: install the package slurm-wlm", name)
}

// Start starts a cluster with a partition for every number of nodes given, p1, p2 and so on, of which the first is the
// default. It ends with the test.
func Start(t testing.TB, partitions ...int) *Cluster {
	t.Helper()
	// Names of sockets are made from this path, and the path of a socket has 107 characters at most: past that every job is
	// held as launch_failed_requeued_held.
	dir, err := os.MkdirTemp("/tmp", "slurm")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, dir: dir, Conf: filepath.Join(dir, "slurm.conf"), nodes: map[int]*exec.Cmd{}}
	t.Cleanup(c.stop)
	total := 0
	for _, n := range partitions {
		total += n
	}
	if c.ports, err = freePorts(total + 1); err != nil {
		t.Fatal(err)
	}
	if err := c.configure(partitions); err != nil {
		t.Fatal(err)
	}
	c.StartController()
	for k := 1; k <= total; k++ {
		c.StartNode(k)
	}
	c.Await(30*time.Second, "nodes that are idle", func() bool {
		out, err := c.Command("sinfo", "-h", "-N", "-o", "%N %T").Output()
		return err == nil && strings.Count(string(out), " idle\n") == total
	})
	return c
}

// freePorts are ports of loopback that nobody uses now.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end, so that none is given twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func (c *Cluster) configure(partitions []int) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	host, _, _ = strings.Cut(host, ".")
	me, err := user.Current()
	if err != nil {
		return err
	}
	for _, sub := range []string{"state", "spool", "log", "run"} {
		if err := os.MkdirAll(filepath.Join(c.dir, sub), 0o755); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	set := func(key string, value any) { fmt.Fprintf(&b, "%s=%v\n", key, value) }
	set("ClusterName", "test")
	set("SlurmctldHost", host+"(127.0.0.1)")
	set("SlurmctldPort", c.ports[0])
	set("SlurmUser", me.Username)
	set("SlurmdUser", me.Username)
	set("CommunicationParameters", "NoCtldInAddrAny,NoInAddrAny,DisableIPv6") // loopback alone
	set("TreeWidth", 65533)
	// Everybody on this machine is trusted. cred_expire is also how long a job waits after a requeue.
	set("AuthType", "auth/none")
	set("CredType", "cred/none")
	set("AuthInfo", "cred_expire=5")
	set("StateSaveLocation", filepath.Join(c.dir, "state"))
	set("SlurmdSpoolDir", filepath.Join(c.dir, "spool", "%n"))
	set("SlurmctldPidFile", filepath.Join(c.dir, "run", "ctld.pid"))
	set("SlurmdPidFile", filepath.Join(c.dir, "run", "%n.pid"))
	set("SlurmctldLogFile", filepath.Join(c.dir, "log", "ctld.log"))
	set("SlurmdLogFile", filepath.Join(c.dir, "log", "%n.log"))
	set("ProctrackType", "proctrack/linuxproc")
	set("TaskPlugin", "task/none")
	set("JobAcctGatherType", "jobacct_gather/none")
	set("SwitchType", "switch/none")
	set("MpiDefault", "none")
	set("MailProg", "/bin/true")
	set("AccountingStorageType", "accounting_storage/none")
	set("SelectType", "select/cons_tres")
	set("SelectTypeParameters", "CR_Core_Memory")
	set("DefMemPerCPU", 16)
	set("SlurmdParameters", "config_overrides") // believe CPUs and memory below
	set("SchedulerType", "sched/backfill")
	set("SchedulerParameters", "batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1")
	set("PriorityType", "priority/basic")
	// Accidents are noticed within seconds.
	set("SlurmctldTimeout", 10)
	set("SlurmdTimeout", 5)
	set("BatchStartTimeout", 5)
	set("KillWait", 10)
	set("CompleteWait", 0)
	set("UnkillableStepTimeout", 30)
	set("InactiveLimit", 0)
	set("ReturnToService", 2)
	set("JobRequeue", 1)
	set("MinJobAge", 3600)
	for k := 1; k < len(c.ports); k++ {
		fmt.Fprintf(&b, "NodeName=node%d NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=%d Boards=1 SocketsPerBoard=1 CoresPerSocket=%d ThreadsPerCore=1 RealMemory=%d State=UNKNOWN\n",
			k, host, c.ports[k], CPUs, CPUs, Memory)
	}
	first := 1
	for i, n := range partitions {
		isDefault := "NO"
		if i == 0 {
			isDefault = "YES"
		}
		fmt.Fprintf(&b, "PartitionName=p%d Nodes=node[%d-%d] Default=%s MaxTime=INFINITE DefaultTime=60 State=UP\n", i+1, first, first+n-1, isDefault)
		first += n
	}
	return os.WriteFile(c.Conf, b.Bytes(), 0o644)
}

// Command is a command of Slurm's, or any other, that talks to this cluster.
func (c *Cluster) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "SLURM_CONF="+c.Conf)
	return cmd
}

// Await fails the test unless what becomes true in time.
func (c *Cluster) Await(limit time.Duration, what string, is func() bool) {
	c.t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if is() {
			return
		}
	}
	c.t.Fatalf("waited %s for %s\n%s", limit, what, c.Describe())
}

// Describe is what there is to see, for messages.
func (c *Cluster) Describe() string {
	var b strings.Builder
	for _, args := range [][]string{{"sinfo", "-N", "-l"}, {"squeue", "-t", "all", "-r"}} {
		out, err := c.Command(args[0], args[1:]...).CombinedOutput()
		fmt.Fprintf(&b, "$ %s\n%s", strings.Join(args, " "), out)
		if err != nil {
			fmt.Fprintf(&b, "%v\n", err)
		}
	}
	logs, _ := filepath.Glob(filepath.Join(c.dir, "log", "*"))
	for _, log := range logs {
		text, _ := os.ReadFile(log)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		fmt.Fprintf(&b, "%s:\n%s\n", log, strings.Join(lines[max(0, len(lines)-8):], "\n"))
	}
	return b.String()
}

// daemon starts a daemon in a session of its own; it runs in folder, which is how its offspring are told apart.
func (c *Cluster) daemon(folder, name string, args ...string) *exec.Cmd {
	c.t.Helper()
	path, err := program(name)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		c.t.Fatal(err)
	}
	cmd := c.Command(path, args...)
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	log, err := os.OpenFile(filepath.Join(c.dir, "log", filepath.Base(folder)+"."+name+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return cmd
}

// StartController starts the controller with the state that is on disk.
func (c *Cluster) StartController() {
	c.t.Helper()
	c.ctld = c.daemon(filepath.Join(c.dir, "run"), "slurmctld", "-D", "-f", c.Conf)
	c.Await(20*time.Second, "the controller", func() bool { return c.Command("scontrol", "ping").Run() == nil })
}

// KillController kills the controller as a crash would.
func (c *Cluster) KillController() {
	c.ctld.Process.Kill()
	c.ctld.Wait()
}

func (c *Cluster) spool(k int) string { return filepath.Join(c.dir, "spool", fmt.Sprintf("node%d", k)) }

// StartNode starts the daemon of node k.
func (c *Cluster) StartNode(k int) {
	c.t.Helper()
	c.nodes[k] = c.daemon(c.spool(k), "slurmd", "-D", "-N", fmt.Sprintf("node%d", k), "-f", c.Conf)
}

// LoseNode kills node k with everything that runs on it, as when the power goes. It returns how many jobs that ended.
func (c *Cluster) LoseNode(k int) int {
	// The daemon first, then those that watch the jobs: one that outlived its job would report its end.
	if cmd := c.nodes[k]; cmd != nil {
		cmd.Process.Kill()
		cmd.Wait()
		delete(c.nodes, k)
	}
	return c.killAll(func(p process) bool { return p.node == fmt.Sprintf("node%d", k) })
}

// process is one of the cluster's own.
type process struct {
	pid  int
	node string
	step bool // watches a job
}

// processes finds the steps and jobs of the cluster by their environment; the working folder of a step is that of its
// node's daemon. Children of jobs may have an environment of their own and are found by their parents.
func (c *Cluster) processes() []process {
	entries, _ := os.ReadDir("/proc")
	var steps, jobs []process
	parent := map[int]int{}
	known := map[int]string{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat")); err == nil {
			fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
			parent[pid], _ = strconv.Atoi(fields[1])
		}
		text, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err != nil {
			continue
		}
		env := strings.Split(string(text), "\x00")
		if !slices.Contains(env, "SLURM_CONF="+c.Conf) {
			continue
		}
		name, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "comm"))
		if strings.TrimSpace(string(name)) == "slurmstepd" {
			cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
			steps = append(steps, process{pid, filepath.Base(cwd), true})
			continue
		}
		for _, v := range env {
			if node, ok := strings.CutPrefix(v, "SLURMD_NODENAME="); ok {
				known[pid] = node
				jobs = append(jobs, process{pid: pid, node: node})
			}
		}
	}
	for pid := range parent {
		if known[pid] != "" {
			continue
		}
		for at, depth := parent[pid], 0; at > 1 && depth < 20; at, depth = parent[at], depth+1 {
			if node := known[at]; node != "" {
				jobs = append(jobs, process{pid: pid, node: node})
				break
			}
		}
	}
	return append(steps, jobs...)
}

// killAll returns how many of those it killed were the watchers of jobs.
func (c *Cluster) killAll(which func(process) bool) (jobs int) {
	for range 3 { // some are being born
		for _, p := range c.processes() {
			if which(p) && syscall.Kill(p.pid, syscall.SIGKILL) == nil && p.step {
				jobs++
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return jobs
}

// stop ends everything, and leaves the logs of a test that has failed.
func (c *Cluster) stop() {
	for _, cmd := range append([]*exec.Cmd{c.ctld}, slices.Collect(maps.Values(c.nodes))...) {
		if cmd != nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	}
	c.killAll(func(process) bool { return true })
	if c.t.Failed() {
		c.t.Logf("the logs of the cluster are in %s", filepath.Join(c.dir, "log"))
		return
	}
	os.RemoveAll(c.dir)
}
