package runner

import (
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
)

// recorded keeps what a run reports in the run's own folder, for those who look later or from elsewhere.
type recorded struct {
	progress.Reporter
	run   *store.Run
	phase *sync.Map // of progress.Phase by key: what was written last
}

func record(to progress.Reporter, run *store.Run) recorded { return recorded{to, run, &sync.Map{}} }

// runEvent is a line of events.jsonl.
type runEvent struct {
	Time time.Time `json:"time"`
	Key  string    `json:"key"`
	progress.Event
}

// Event keeps every change of phase; the steps in between are for the eye only, and what waits is what nothing is said of. A
// record that cannot be written does not end a run: the trials themselves will say that the disk is full.
func (r recorded) Event(e progress.Event) {
	if was, _ := r.phase.Swap(e.Key, e.Phase); e.Phase != progress.Queued && was != e.Phase {
		_ = r.run.Event(runEvent{time.Now().UTC(), e.Key, e})
	}
	r.Reporter.Event(e)
}
