package store

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/sharpbench/sharpbench/harness/oracle"
)

// Float is a float64 in a record. JSON knows no infinities and no NaN; they are written as strings, so that a result is
// never lost to its own number.
type Float float64

// MarshalJSON writes the shortest number that reads back the same, or "NaN", "+Inf", "-Inf".
func (f Float) MarshalJSON() ([]byte, error) {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return json.Marshal(v)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Float) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		switch string(b) {
		case `"NaN"`:
			*f = Float(math.NaN())
		case `"+Inf"`:
			*f = Float(math.Inf(1))
		case `"-Inf"`:
			*f = Float(math.Inf(-1))
		default:
			return fmt.Errorf("not a number: %s", b)
		}
		return nil
	}
	return json.Unmarshal(b, (*float64)(f))
}

// The states of a trial, as in Status.State. Those from Done on are also what Result.Status may be.
const (
	Running  = "running"
	Stopped  = "stopped" // interrupted or canceled; goes on from its checkpoint
	Done     = "done"
	Failed   = "failed"
	Diverged = "diverged"
	Timeout  = "timeout"
)

// Status says where a trial stands, for people and other processes to look at. It decides nothing: a trial is trained
// if and only if it has a Result.
type Status struct {
	State   string    `json:"state"`
	Detail  string    `json:"detail,omitempty"`
	Step    uint64    `json:"step"`
	Steps   uint64    `json:"steps"` // planned; 0 if unknown
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
}

// Result is the record of a training that has ended, however it ended.
type Result struct {
	Status       string      `json:"status"`             // Done, Failed, Diverged or Timeout
	Reason       string      `json:"reason"`             // one line for people; empty when done
	Detail       string      `json:"detail"`             // more of it, such as a plugin's last message
	LogTail      string      `json:"log_tail,omitempty"` // of a training that was not done
	Steps        uint64      `json:"steps"`              // committed
	Epochs       Float       `json:"epochs"`
	G            Float       `json:"g"`          // billed, over all attempts that led to the parameters
	TrainLoss    Float       `json:"train_loss"` // of the last steps, as trained: not an evaluation
	Bill         oracle.Bill `json:"bill"`
	HostSeconds  Float       `json:"host_seconds"`   // the oracle's compute
	PluginSecs   Float       `json:"plugin_seconds"` // the plugin's turns
	WallSeconds  Float       `json:"wall_seconds"`
	TimeLimit    Float       `json:"time_limit"`        // seconds that were allowed; 0: no limit. A timeout may be tried again with more
	Target       *Target     `json:"target,omitempty"`  // of trainings towards a target
	Privacy      *Privacy    `json:"privacy,omitempty"` // of differentially private optimizers
	Dim          int         `json:"dim"`               // number of parameters; 0 if there are none. Set by Finish, with Norm
	Norm         Float       `json:"norm"`              // Euclidean norm of the trained parameters
	ParamsSHA256 string      `json:"params_sha256"`     // HashParams of the trained parameters; empty if there are none. Set by Finish
	Provenance   Provenance  `json:"provenance"`
	Unlocked     string      `json:"unlocked,omitempty"` // in what the plugin's files were not those of the lock, when --unlocked let them run
}

// Target is what a training towards a target has come to: the first epoch after which it was reached, or the last one.
type Target struct {
	Reached bool   `json:"reached"`
	Value   Float  `json:"value"` // that was reached, or was there at the end
	Step    uint64 `json:"step"`
	G       Float  `json:"g"`
	Seconds Float  `json:"seconds"` // of training: gradients and the plugin's turns
}

// Privacy is what a training has revealed of any single example: its committed steps together are (Epsilon, Delta)-
// differentially private. It is the host's account, not the optimizer's.
type Privacy struct {
	Epsilon    Float  `json:"epsilon"` // an upper bound; +Inf when there was no noise
	Delta      Float  `json:"delta"`
	Sigma      Float  `json:"sigma"` // noise multiplier of a release
	Rate       Float  `json:"rate"`  // with which each example was drawn
	Draws      uint64 `json:"draws"`
	Releases   uint64 `json:"releases"`           // noisy sums of clipped gradients
	Accountant int    `json:"accountant"`         // privacy.Version
	Declared   string `json:"declared,omitempty"` // why Epsilon rests on the optimizer's word; empty when the host vouches for it
}

// Provenance says what computed a record. It is not part of any identity.
type Provenance struct {
	Version   string    `json:"version"` // of bench
	GoVersion string    `json:"go_version"`
	Host      string    `json:"host"`
	CPU       string    `json:"cpu"` // model
	OS        string    `json:"os"`  // operating system and architecture
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended"`

	Commit      string `json:"commit,omitempty"`       // source revision that bench was built from, where it is known
	SuiteCommit string `json:"suite_commit,omitempty"` // git revision of the suite's folder, with "+changes" when the suite's file differs from it
	Plugin      string `json:"plugin,omitempty"`       // name and version, or the hash of its files, of the plugin
	Features    string `json:"features,omitempty"`     // of the processor, that the kernels can use
	Kernels     string `json:"kernels,omitempty"`      // the instruction set they did use
	Cores       int    `json:"cores,omitempty"`
	Job         string `json:"job,omitempty"` // what the engine calls the job
}

// Evaluation is the record of one trained model on one split or shift.
type Evaluation struct {
	Spec       json.RawMessage `json:"spec"` // canonical; its sha256 is the record's hash
	Split      string          `json:"split"`
	Shift      string          `json:"shift,omitempty"` // kind of the shift; empty for the split as it is
	Severity   int             `json:"severity,omitempty"`
	Loss       Float           `json:"loss"` // mean, natural logarithm
	Errors     int             `json:"errors"`
	Examples   int             `json:"examples"`
	Seconds    Float           `json:"seconds"`
	Provenance Provenance      `json:"provenance"`
}

// Measurement is the record of one metric on one trained model.
type Measurement struct {
	Spec           json.RawMessage `json:"spec"`   // canonical; its sha256 is the record's hash
	Status         string          `json:"status"` // Done, Failed or Timeout
	Reason         string          `json:"reason"`
	Detail         string          `json:"detail"`
	Values         []Value         `json:"values"`
	Tables         []Table         `json:"tables,omitempty"`
	Bill           oracle.Bill     `json:"bill"`
	Seconds        Float           `json:"seconds"`
	ExampleIDsHash string          `json:"example_ids_hash"` // of the list of examples that was seen
	Provenance     Provenance      `json:"provenance"`
	Unlocked       string          `json:"unlocked,omitempty"` // as in Result
}

// Value is one number of a measurement.
type Value struct {
	Name      string   `json:"name"`
	Value     Float    `json:"value"` // 0 when Null
	Null      bool     `json:"null,omitempty"`
	Reason    string   `json:"reason,omitempty"` // why Null
	StdErr    Float    `json:"std_err"`
	HasStdErr bool     `json:"has_std_err"`
	Warnings  []string `json:"warnings,omitempty"`
}

// Table is what a metric has found besides its values: columns of one length, never ranked.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a Table.
type Column struct {
	Name   string  `json:"name"`
	Values []Float `json:"values"`
}

// Point is a line of a training curve.
type Point struct {
	Step    uint64           `json:"step"`
	Epoch   Float            `json:"epoch"`
	Loss    Float            `json:"loss"`
	LRScale Float            `json:"lr_scale"` // the schedule's multiplier
	G       Float            `json:"g"`
	Seconds Float            `json:"seconds"`
	Scalars map[string]Float `json:"scalars,omitempty"` // self-reported by the plugin
}
