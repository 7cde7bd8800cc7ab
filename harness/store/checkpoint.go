package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/privacy"
)

// Checkpoint is a training between two steps.
type Checkpoint struct {
	Step    uint64 // committed
	Blob    []byte // the plugin's, of that commit
	W       []float32
	Prev    []float32            // the parameters of the commit before; nil at step 0
	Buffers []float32            // the host's batch statistics
	Slots   map[string][]float32 // the plugin's state slots
	Bill    oracle.Bill
	Counters
}

// Counters are the totals of a training so far, over all attempts.
type Counters struct {
	PluginSeconds Float `json:"plugin_seconds"`
	WallSeconds   Float `json:"wall_seconds"`
	TrainLoss     Float `json:"train_loss"`
	Attempts      int   `json:"attempts"`
	// TrainSeconds is the time of training alone, without records and evaluations: what a budget of time counts.
	TrainSeconds Float `json:"train_seconds,omitempty"`
	// The training losses since the last point of the curve: their sum and number.
	LossSum   Float `json:"loss_sum"`
	LossCount int   `json:"loss_count"`
	// What a differentially private optimizer has released; nil for others.
	Privacy *privacy.Account `json:"privacy,omitempty"`
}

// checkpointHead is what a checkpoint keeps in its metadata.
type checkpointHead struct {
	Step uint64      `json:"step"`
	Bill oracle.Bill `json:"bill"`
	Counters
}

const checkpointFormat = "sharpbench.checkpoint.1"

func (t *Trial) checkpointPath() string {
	return filepath.Join(t.dir, "checkpoint", "state.safetensors")
}

// SaveCheckpoint replaces the trial's checkpoint in one step: after a crash at any moment there is the old one or the
// new one. c is not kept.
func (t *Trial) SaveCheckpoint(c Checkpoint) error {
	head, err := json.Marshal(checkpointHead{Step: c.Step, Bill: c.Bill, Counters: c.Counters})
	if err != nil {
		return fmt.Errorf("checkpoint of trial %s: %w", t.Short(), err)
	}
	tensors := []blob{vector("w", c.W), vector("buffers", c.Buffers)}
	if c.Prev != nil {
		tensors = append(tensors, vector("prev", c.Prev))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Slots)) {
		tensors = append(tensors, vector("slot."+name, c.Slots[name]))
	}
	if c.Blob != nil {
		tensors = append(tensors, blob{name: "blob", shape: []int{len(c.Blob)}, b: c.Blob})
	}
	file, err := encodeTensors(tensors, map[string]string{"format": checkpointFormat, "head": string(head)})
	if err != nil {
		return fmt.Errorf("checkpoint of trial %s: %w", t.Short(), err)
	}
	path := t.checkpointPath()
	if err := t.store.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	return t.store.replace(path, file)
}

func vector(name string, f []float32) blob { return blob{name: name, shape: []int{len(f)}, f: f} }

// LoadCheckpoint returns the trial's checkpoint, or false if there is none that can be used. A damaged one is reported
// to the store's warning function; the training then starts from the beginning.
func (t *Trial) LoadCheckpoint() (*Checkpoint, bool, error) {
	path := t.checkpointPath()
	file, err := os.ReadFile(path)
	switch {
	case missing(err):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	c, err := decodeCheckpoint(file)
	if err != nil {
		t.store.report(&Corrupt{Path: path, Reason: err.Error()})
		return nil, false, nil
	}
	return c, true, nil
}

func decodeCheckpoint(file []byte) (*Checkpoint, error) {
	tensors, metadata, err := decodeTensors(file)
	if err != nil {
		return nil, err
	}
	if f := metadata["format"]; f != checkpointFormat {
		return nil, fmt.Errorf("its format is %q", f)
	}
	var head checkpointHead
	if err := strict([]byte(metadata["head"]), &head); err != nil {
		return nil, fmt.Errorf("its counters: %w", err)
	}
	c := &Checkpoint{Step: head.Step, Bill: head.Bill, Counters: head.Counters, Slots: map[string][]float32{}}
	for _, b := range tensors {
		switch slot, isSlot := strings.CutPrefix(b.name, "slot."); {
		case isSlot:
			c.Slots[slot] = b.f
		case b.name == "w":
			c.W = b.f
		case b.name == "buffers":
			c.Buffers = b.f
		case b.name == "prev":
			c.Prev = b.f
		case b.name == "blob":
			c.Blob = b.b
		default:
			return nil, fmt.Errorf("tensor %q is not known", b.name)
		}
	}
	if c.W == nil {
		return nil, fmt.Errorf("it has no parameters")
	}
	return c, nil
}
