// Command scaffold writes the files that people own of a new resource, once, from its description.
// It is run by make resource SPEC=<file>; docs/add-an-endpoint.md explains what comes next.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "scaffold:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 || args[0] == "" {
		return fmt.Errorf("want the file of a description: make resource SPEC=project.yaml")
	}
	return scaffold(".", args[0], out)
}

// scaffold writes the files of a description into a repository. The name of the description is a
// path in there, or absolute.
func scaffold(repository, name string, out io.Writer) error {
	root, err := os.OpenRoot(repository)
	if err != nil {
		return fmt.Errorf("open the repository: %w", err)
	}
	defer root.Close()
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(repository, name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read description: %w", err)
	}
	p, err := newPlan(root, name, text)
	if err != nil {
		return err
	}
	if err := p.write(root); err != nil {
		return err
	}
	p.report(out)
	return nil
}
