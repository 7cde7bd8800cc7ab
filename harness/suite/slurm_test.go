package suite

import (
	"fmt"
	"slices"
	"testing"
)

func TestSlurm(t *testing.T) {
	plain, err := load("s.toml", small, options())
	if err != nil {
		t.Fatal(err)
	}
	if plain.Slurm != nil {
		t.Error("a suite without [engine.slurm] has one")
	}
	text := small + `
[engine.slurm]
time = "04:00:00"
partition = "cpu"
cpus_per_task = 2
exclusive = true
contiguous = false
constraint = ["avx2", "big"]
signal = "B:USR1@60"
max_concurrent = 16
setup = ["module load go", "export X=1"]
[engine.slurm.optimizer.sam]
time = "08:00:00"
mem = "8G"
`
	s, err := load("s.toml", text, options())
	if err != nil {
		t.Fatal(err)
	}
	if s.Hash() != plain.Hash() {
		t.Error("the engine is part of the suite's identity")
	}
	if got := fmt.Sprint(s.Slurm.For("sgd")); got != "[--constraint=avx2,big --cpus-per-task=2 --exclusive --partition=cpu --signal=B:USR1@60 --time=04:00:00]" {
		t.Errorf("sgd: %s", got)
	}
	if got := fmt.Sprint(s.Slurm.For("sam")); got != "[--constraint=avx2,big --cpus-per-task=2 --exclusive --mem=8G --partition=cpu --signal=B:USR1@60 --time=08:00:00]" {
		t.Errorf("sam: %s", got)
	}
	if s.Slurm.MaxConcurrent != 16 || !slices.Equal(s.Slurm.Setup, []string{"module load go", "export X=1"}) || s.Slurm.SocketDir != "/tmp" {
		t.Errorf("%+v", s.Slurm)
	}
	o := options()
	o.Set = []string{"engine.slurm.time=5"}
	if s, err = load("s.toml", text, o); err != nil || s.Slurm.For("sgd")[5].String() != "--time=5" {
		t.Errorf("--set: %v, %v", s, err)
	}

	text = small + `[engine.slurm]
array = "0-3"
job_name = "mine"
p = "cpu"
mem = { x = 1 }
signal = "TERM@10"
max_concurrent = 0
socket_dir = "tmp"
setup = "module load go"
nice = ""
[engine.slurm.optimizer.sagd]
[engine.slurm.optimizer.sgd]
output = "x"
[engine.cloud]
`
	_, err = load("s.toml", text, options())
	want := `59:1: array: this option is set by bench | the trials of a run are its array; max_concurrent limits how many run at a time
60:1: job_name: this option is set by bench | it is how a run finds its jobs again
61:1: p: not an option of sbatch | write the long name of an option of sbatch, as in partition = "cpu"
62:7: mem: expected a string, a number, true, false or a list of them, found a table
63:10: signal: expected "B:USR1@120", found "TERM@10" | the number is how many seconds before the time limit a checkpoint is made
64:18: max_concurrent: expected a whole number from 1 to 2147483647, found 0
65:14: socket_dir: expected an absolute path of at most 30 bytes, found "tmp"
66:9: setup: expected a list of lines of shell, found the string "module load go" | a list is written in brackets, even with one element: setup = ["module load go"]
67:8: nice: expected a string, a number, true, false or a list of them, found the string ""
68:25: there is no optimizer "sagd" | did you mean "sgd"?
70:1: output: this option is set by bench | logs lie in the folder of the run
71:9: unknown key "cloud" in [engine] | keys here: slurm`
	if got := show(err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
