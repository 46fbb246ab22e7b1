package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evhub/evhub/acct"
	"github.com/evhub/evhub/hub"
	"github.com/evhub/evhub/providers/all"
)

// planned is what a hub would make of an acct file.
func planned(t *testing.T, text string) *hub.Plan {
	t.Helper()
	file, err := acct.Parse("acct.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := hub.NewPlan(file, hub.WithProviders(all.Providers()...))
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// sections are the top-level keys of the destinations of a profile.
func sections(p *hub.Plan, profile string) (names []string) {
	for _, i := range p.Route(profile) {
		names = append(names, p.Destinations[i].Section+" "+p.Destinations[i].Pattern)
	}
	return names
}

// Idem documents match_plugin; pop-evbus 7 ignores it, so that "idem-.*" would match none of these under its glob.
func TestMatchPluginAsDocumented(t *testing.T) {
	fixture := planned(t, read(t, "../../integration/testdata/idem/acct-regex.yaml"))
	for profile, want := range map[string][]string{
		"idem-status": {"kafka idem-.*"}, "idem-.*": {"kafka idem-.*"}, "idem--": {"kafka idem-.*", "kafka idem-*"}, "xidem-status": nil,
	} {
		if diff := cmp.Diff(want, sections(fixture, profile)); diff != "" {
			t.Errorf("%s: %s", profile, diff)
		}
	}
	globs := planned(t, "match_plugin: glob\ninternal: {\"idem-*\": }\n")
	if got := sections(globs, "idem-status"); !slices.Equal(got, []string{"internal idem-*"}) {
		t.Errorf("%v", got)
	}
}

// Idem documents the keys amqp and rabbitmq beside pika; pop-evbus 7 drops them without a word.
func TestKeysOfRabbitMQAsDocumented(t *testing.T) {
	p := planned(t, `
pika: {idem-status: {connection: {host: one}}}
amqp: {idem-status: {connection: {host: two}}}
rabbitmq:
  - idem-status: {connection: {host: three}}
  - idem-status: {connection: {host: four}}
`)
	if diff := cmp.Diff([]string{"pika idem-status", "amqp idem-status", "rabbitmq idem-status", "rabbitmq idem-status"}, sections(p, "idem-status")); diff != "" {
		t.Error(diff)
	}
	for _, d := range p.Destinations {
		if d.Config.Connection.Provider != "amqp" {
			t.Errorf("%s is a destination of %s", d.Name, d.Config.Connection.Provider)
		}
	}
}

// The documents' own examples have no topics and no routing key, and in pop-evbus 7 send nothing. Here the profile stands
// for them. A profile without settings is documented for the internal queues.
func TestExamplesOfTheDocumentsLeadSomewhere(t *testing.T) {
	p := planned(t, `
kafka:
  - event_profile_name: {connection: {bootstrap_servers: localhost:9092}}
  - event_profile_name: {connection: {bootstrap_servers: my_server:9092}}
pika: {event_profile_name: {connection: {host: localhost, port: 5672, login: guest, password: guest}}}
internal:
  event_profile_name:
`)
	if got := sections(p, "event_profile_name"); len(got) != 4 {
		t.Errorf("%v", got)
	}
}

// The flags that Idem and evbus have for the serializer.
func TestFlagsOfTheSerializer(t *testing.T) {
	for _, flag := range []string{"--serial-plugin", "--serialize-plugin", "--format"} {
		acctFile, events := toFile(t, "raw")
		evhub(t, "", "put", "-f", acctFile, "--body", "1", flag, "json").want(t, exitDone)
		if got := read(t, events); got != `{"tags": {}, "message": 1, "run_name": "cli"}`+"\n" {
			t.Errorf("%s: %s", flag, got)
		}
		evhub(t, "", "put", "-f", acctFile, "--body", "1", flag, "str").want(t, exitUsage, "Python's repr")
	}
}
