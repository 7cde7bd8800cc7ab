package runner

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// LockPath is where the lock of a suite lies: beside it.
func LockPath(suiteFile string) string {
	return filepath.Join(filepath.Dir(suiteFile), pluginhost.LockName)
}

// LockChange is what became of one plugin in a lock.
type LockChange struct {
	Lock   string `json:"lock"`
	Plugin string `json:"plugin"` // the name it gives itself
	Path   string `json:"path"`   // of its folder, relative to the lock
	Change string `json:"change"` // "added", "changed", "same" or "removed"
}

// LockPlugins pins the plugins of suites, variants included, that do not come with bench. With all, the suites are all of
// their folders, and what none of them names is removed from the locks; otherwise it stays. Nothing is written when a
// suite is wrong.
func LockPlugins(files []string, all bool, plugins *Plugins, o suite.Options) ([]LockChange, error) {
	locks := map[string]*pluginhost.Lock{}
	named := map[*pluginhost.Lock][]string{}
	var order []*pluginhost.Lock
	var changes []LockChange
	var problems suite.Problems
	for _, file := range files {
		path := LockPath(file)
		lock := locks[path]
		if lock == nil {
			var err error
			if lock, err = pluginhost.ReadLock(path); err != nil {
				return nil, err
			}
			locks[path] = lock
			order = append(order, lock)
		}
		refs, err := thirdParty(file, o)
		var found suite.Problems
		if errors.As(err, &found) {
			problems = append(problems, found...)
			continue
		} else if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			p, err := plugins.Get(ref)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			if p.Program.Bundled {
				continue
			}
			was := lock.Find(p.Program)
			change := "same"
			if lock.Put(p.Program, p.Info) {
				change = "changed"
			}
			if was == nil {
				change = "added"
			}
			place := lock.Find(p.Program).Path
			if !slices.Contains(named[lock], place) {
				named[lock] = append(named[lock], place)
				changes = append(changes, LockChange{path, p.Info.Name, place, change})
			}
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	for _, lock := range order {
		if all {
			lock.Pins = slices.DeleteFunc(lock.Pins, func(pin pluginhost.Pin) bool {
				gone := !slices.Contains(named[lock], pin.Path)
				if gone {
					changes = append(changes, LockChange{lock.Path, pin.Name, pin.Path, "removed"})
				}
				return gone
			})
		}
		if !slices.ContainsFunc(changes, func(c LockChange) bool { return c.Lock == lock.Path }) {
			continue // neither plugins nor a lock
		}
		if err := lock.Write(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(changes, func(a, b LockChange) int {
		return strings.Compare(a.Lock+"\x00"+a.Plugin+"\x00"+a.Path, b.Lock+"\x00"+b.Plugin+"\x00"+b.Path)
	})
	return changes, nil
}

// thirdParty lists the plugins that a suite and its variants refer to.
func thirdParty(file string, o suite.Options) ([]string, error) {
	s, err := suite.Load(file, o)
	if err != nil {
		return nil, err
	}
	all := []*suite.Suite{s}
	for _, name := range s.Variants {
		v := o
		v.Variant = name
		s, err := suite.Load(file, v)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	var refs []string
	for _, s := range all {
		for _, x := range s.Optimizers {
			refs = append(refs, x.Ref)
		}
		for _, x := range s.Metrics {
			refs = append(refs, x.Ref)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), nil
}
