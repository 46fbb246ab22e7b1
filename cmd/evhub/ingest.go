package main

import "github.com/spf13/cobra"

func newIngest(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ingest",
		Short: "Put the events that another program writes in its own form",
		Long:  `Put the events that another program writes in its own form: "ingest runner" reads Ansible Runner's.`,
	}
	asGroup(cmd)
	cmd.AddCommand(newIngestRunner(o))
	return cmd
}
