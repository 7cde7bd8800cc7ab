package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/plugins"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

func newPlugin(g *global) *cobra.Command {
	c := &cobra.Command{
		Use:   "plugin",
		Short: "list, describe and test optimizers and metrics",
		Long: `plugin lists the optimizers and sharpness metrics that come with bench, describes any plugin, bundled or yours, and
tests whether it keeps the rules of the protocol.

EXIT STATUS: 0 done, 1 a check failed, 2 usage, 4 the plugin cannot be started.`,
	}
	c.AddCommand(newPluginList(g), newPluginInfo(g), newPluginNew(g), newPluginTest(g), newPluginLock(g), newPluginDocs(), newPluginServe(), newPluginHost())
	return c
}

func newPluginList(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the bundled plugins", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			infos, err := bundledInfos(cmd.Context())
			if err != nil {
				return err
			}
			if g.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(infos)
			}
			var rows [][]string
			for _, i := range infos {
				cost := ""
				if i.Kind == "optimizer" {
					cost = fmt.Sprintf("%.4g", i.Cost)
				}
				rows = append(rows, []string{i.Name, i.Kind, fmt.Sprint(i.Version), cost, i.Summary})
			}
			return table(cmd.OutOrStdout(), []string{"plugin", "kind", "version", "G a step", "what it is"}, rows)
		},
	}
}

// bundledInfos asks every bundled plugin what it is.
func bundledInfos(ctx context.Context) ([]pluginhost.Info, error) {
	host := newPlugins()
	host.Preload(ctx, plugins.Names())
	var infos []pluginhost.Info
	for _, name := range plugins.Names() {
		info, err := host.Describe(name)
		if err != nil {
			return nil, unavailable(err, "")
		}
		infos = append(infos, info)
	}
	return infos, nil
}

func newPluginInfo(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "info PLUGIN",
		Short: "describe a plugin: rule, parameters, cost, paper",
		Long:  `info asks a plugin, bundled (by name) or yours (by path), what it is: the rule, its parameters with defaults and ranges, what a step costs, and the paper.`,
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return plugins.Names(), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			info, err := newPlugins().Describe(args[0])
			if err != nil {
				return unavailable(err, "bench plugin list shows the bundled ones; a path names a folder with a plugin.toml")
			}
			if g.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(info)
			}
			return describe(cmd.OutOrStdout(), info)
		},
	}
}

func describe(w io.Writer, i pluginhost.Info) error {
	fmt.Fprintf(w, "%s, %s, version %d\n%s\n", i.Name, i.Kind, i.Version, i.Summary)
	for _, part := range []struct{ label, text string }{{"rule", i.Rule}, {"paper", i.Citation}, {"not verified", i.Unverified}, {"found", i.Finding}, {"track", i.Track}} {
		if part.text != "" {
			fmt.Fprintf(w, "\n%s: %s\n", part.label, strings.ReplaceAll(strings.TrimSpace(part.text), "\n", "\n  "))
		}
	}
	switch {
	case i.Kind == "optimizer" && i.CostNote != "":
		fmt.Fprintf(w, "\ncost: %.4g G a step; %s\n", i.Cost, i.CostNote)
	case i.Kind == "optimizer":
		fmt.Fprintf(w, "\ncost: %.4g G a step\n", i.Cost)
	case i.CostNote != "":
		fmt.Fprintf(w, "\ncost: %s\n", i.CostNote)
	}
	for _, text := range i.Watch {
		fmt.Fprintf(w, "\nwatch for: %s\n", text)
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, p := range i.Params {
		rows = append(rows, []string{p.Name, p.Type, fmt.Sprint(p.Default), p.Range(), p.Help})
	}
	if len(rows) > 0 {
		if err := table(w, []string{"parameter", "type", "default", "range", "meaning"}, rows); err != nil {
			return err
		}
	}
	for _, d := range i.Degenerate {
		var when []string
		for _, name := range slices.Sorted(maps.Keys(d.When)) {
			when = append(when, fmt.Sprintf("%s = %v", name, d.When[name]))
		}
		fmt.Fprintf(w, "\nwith %s it equals %s, bit for bit\n", strings.Join(when, ", "), d.Equals)
	}
	for _, v := range i.Values {
		fmt.Fprintf(w, "\nvalue %s [%s], better: %s. %s\n", v.Name, v.Unit, v.Better, v.Help)
	}
	return nil
}

// newPluginServe is how bench runs a bundled plugin: it starts itself again with this command.
func newPluginServe() *cobra.Command {
	return &cobra.Command{
		Use: "serve NAME", Short: "be a bundled plugin (bench starts this itself)", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, ok := plugins.Lookup(args[0])
			if !ok {
				return usageError(fmt.Errorf("no bundled plugin %q", args[0]), "bench plugin list")
			}
			sdk.Serve(p)
			os.Exit(0)
			return nil
		},
	}
}

func newPlugins() *runner.Plugins {
	return runner.NewPlugins(".", func(name string) bool { _, ok := plugins.Lookup(name); return ok })
}
