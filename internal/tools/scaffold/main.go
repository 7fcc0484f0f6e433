// Command scaffold writes the hand-written files of a new resource once, from its description. Run
// it with make resource SPEC=<file>; docs/add-an-endpoint.md explains the next steps.
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
		return fmt.Errorf("name the file of a description: make resource SPEC=project.yaml")
	}
	return scaffold(".", args[0], out)
}

// scaffold writes the files of a description to a repository. name is the path of the description,
// absolute or in the repository.
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
