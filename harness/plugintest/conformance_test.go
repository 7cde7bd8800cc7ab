package plugintest

import "testing"

// Letters and numbers are published: they must be unique, and each check says what it is for.
func TestCheckList(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Checks() {
		if seen[c.ID] || c.Reason == "" || (c.Level != Must && c.Level != Should) {
			t.Errorf("%+v", c)
		}
		seen[c.ID] = true
	}
	if len(seen) < 40 {
		t.Errorf("only %d checks", len(seen))
	}
}
