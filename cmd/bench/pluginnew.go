package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/plugins"
	"github.com/sharpbench/sharpbench/plugins/skeleton"
)

func newPluginNew(g *global) *cobra.Command {
	var o skeleton.Options
	c := &cobra.Command{
		Use:   "new NAME --lang go|py",
		Short: "make the folder of a new plugin: a program that works, its test, what to do next",
		Long: `new writes a plugin that compiles, passes bench plugin test and trains, to be changed into yours: the program, its
test, plugin.toml and a README with the next steps. Nothing is overwritten.

A plugin in Go is a module of its own that builds against the source of bench: the clone that this bench was built from,
the one around the current folder, or the one that --replace names. go.mod says which. A plugin in Python needs the
package sharpbench, in plugins/sdk/python of a clone.

EXIT STATUS: 0 written, 2 the name, the flags or the folder will not do, 4 the folder cannot be written.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name, o.Taken = args[0], plugins.Names()
			made, err := skeleton.Create(o)
			if errors.Is(err, skeleton.ErrUsage) {
				return usageError(err, "")
			} else if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			if g.json {
				return json.NewEncoder(w).Encode(made)
			}
			fmt.Fprintf(w, "%s: %s\n", made.Dir, strings.Join(made.Files, " "))
			if made.Source != "" {
				fmt.Fprintf(w, "It uses the clone of bench in %s.\n", made.Source)
			}
			fmt.Fprintf(w, "\nnext:\n  %s\n", strings.Join(made.Next, "\n  "))
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.Lang, "lang", "", "language: go or py")
	f.StringVar(&o.Kind, "kind", skeleton.Optimizer, "optimizer or metric")
	f.StringVar(&o.Dir, "dir", "", "folder to make (default ./NAME)")
	f.StringVar(&o.Source, "replace", "", "clone of bench that a plugin in Go builds against (default the one bench was built from)")
	return c
}
