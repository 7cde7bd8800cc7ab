package runner

import (
	"time"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
)

// recorded keeps what a run reports in the run's own folder, for those who look later or from elsewhere.
type recorded struct {
	progress.Reporter
	run *store.Run
}

// Event keeps every change of phase; the steps in between are for the eye only. A record that cannot be written does
// not end a run: the trials themselves will say that the disk is full.
func (r recorded) Event(e progress.Event) {
	if e.Share == 0 || e.Phase.Ended() {
		_ = r.run.Event(struct {
			Time time.Time `json:"time"`
			progress.Event
		}{time.Now().UTC(), e})
	}
	r.Reporter.Event(e)
}
