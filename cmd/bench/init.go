package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/plugins"
	"github.com/sharpbench/sharpbench/plugins/skeleton"
	"github.com/sharpbench/sharpbench/suites"
)

func newInit(g *global) *cobra.Command {
	var template string
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "make the folder of a project",
		Long: `init makes the folders of a project with a suite in it: quickstart, which needs nothing, or cifar; plugin-go and plugin-py
add a plugin of your own to the quickstart. Nothing is overwritten.

EXIT STATUS: 0 written, 2 a file is there already or the template is unknown, 4 the folder cannot be written.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			suite, lang := "quickstart", ""
			switch template {
			case "quickstart", "cifar":
				suite = template
			case "plugin-go", "plugin-py":
				lang = template[len("plugin-"):]
			default:
				return usageError(fmt.Errorf("--template %q: expected quickstart, cifar, plugin-go or plugin-py", template), "")
			}
			text, err := suites.Files.ReadFile(suite + ".toml")
			if err != nil {
				return err
			}
			file := filepath.Join("suites", suite+".toml")
			var made []string
			for _, f := range []struct {
				name string
				text []byte
			}{{file, text}, {".gitignore", []byte("# records of bench; plugins.lock and reports belong into the repository\n.bench/\n")}} {
				path := filepath.Join(dir, f.name)
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					return err
				}
				out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
				if errors.Is(err, fs.ErrExist) {
					if f.name == ".gitignore" {
						continue
					}
					return usageError(fmt.Errorf("%s is there already", path), "")
				}
				if err != nil {
					return err
				}
				_, err = out.Write(f.text)
				if e := out.Close(); err == nil {
					err = e
				}
				if err != nil {
					return err
				}
				made = append(made, path)
			}
			next := []string{"bench run " + file}
			if lang != "" {
				p, err := skeleton.Create(skeleton.Options{Name: "my-opt", Lang: lang, Dir: filepath.Join(dir, "plugins", "my-opt"), Taken: plugins.Names()})
				if errors.Is(err, skeleton.ErrUsage) {
					return usageError(err, "")
				} else if err != nil {
					return err
				}
				made = append(made, p.Dir)
				next = append(p.Next, "bench run "+file+" -O ./plugins/my-opt")
			}
			if g.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"made": made, "next": next})
			}
			w := cmd.OutOrStdout()
			for _, path := range made {
				fmt.Fprintln(w, path)
			}
			fmt.Fprint(w, "\nnext:\n")
			if dir != "." {
				fmt.Fprintf(w, "  cd %s\n", dir)
			}
			for _, line := range next {
				fmt.Fprintf(w, "  %s\n", line)
			}
			return nil
		},
	}
	c.Flags().StringVar(&template, "template", "quickstart", "quickstart, cifar, plugin-go or plugin-py")
	return c
}
