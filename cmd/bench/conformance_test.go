package main

import (
	"os"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins"
)

// Every bundled plugin keeps the rules of the protocol, and its claims about itself are true.
func TestBundledPluginsConform(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := newPlugins()
	for _, name := range plugins.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := host.Get(name)
			if err != nil {
				t.Fatal(err)
			}
			plugintest.Run(t, &p.Program, plugintest.Options{
				Host: []string{exe, "plugin", "host", name},
				Find: func(name string) (pluginhost.Program, error) {
					p, err := host.Get(name)
					if err != nil {
						return pluginhost.Program{}, err
					}
					return p.Program, nil
				},
			})
		})
	}
}
