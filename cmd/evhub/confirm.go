package main

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// consent is a person's yes to what cannot be undone: given by --yes, or on the terminal.
type consent struct {
	o   *options
	yes bool
}

func (c *consent) addFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do not ask; needed where nobody can be asked")
}

// check refuses to begin where nobody can be asked.
func (c *consent) check() error {
	if c.yes || isTerminal(c.o.console.in) && c.o.console.err.terminal {
		return nil
	}
	return usageError(errors.New("this cannot be undone, and nobody can be asked here: give --yes"))
}

// ask returns nil if the answer to question is yes.
func (c *consent) ask(question string) error {
	if c.yes {
		return nil
	}
	fmt.Fprintf(c.o.console.err, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(c.o.console.in).ReadString('\n') // no answer is a no
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was dropped")
}
