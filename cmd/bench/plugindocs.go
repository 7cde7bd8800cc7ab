package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/runner"
)

func newPluginDocs() *cobra.Command {
	return &cobra.Command{
		Use:       "docs optimizer|metric",
		Short:     "print the page of documentation about the bundled optimizers or metrics",
		Long:      `docs prints Markdown about all bundled plugins of a kind, made from what they say of themselves. docs/optimizers.md and docs/metrics.md are its output.`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: []string{pluginhost.KindOptimizer, pluginhost.KindMetric},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != pluginhost.KindOptimizer && args[0] != pluginhost.KindMetric {
				return usageError(fmt.Errorf("there are no plugins of kind %q", args[0]), "optimizer or metric")
			}
			infos, err := bundledInfos(cmd.Context())
			if err != nil {
				return err
			}
			return runner.Catalogue(cmd.OutOrStdout(), args[0], infos)
		},
	}
}
