// Package providers holds the contract between evhub's engine and whatever carries events to a destination: a Kafka
// cluster, a RabbitMQ exchange, an HTTP endpoint, a file.
//
// A provider is one folder below this one. It describes itself with a [Spec], which [Define] turns into a [Provider]
// that a hub is given by value: there is no registry and no init function. The engine decodes each entry of the
// acct file into the provider's own configuration type, opens it to get a [Dial], and from then on only sees
// [Session] and [Flight]. The rules of these three are in their doc comments, and package providertest checks each
// of them by name.
package providers
