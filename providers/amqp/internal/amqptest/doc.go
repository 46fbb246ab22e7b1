// Package amqptest is a small AMQP 0-9-1 broker for tests, scripted message by message: it can acknowledge, refuse,
// return, keep silent, block publishers, close channels, stop reading and cut connections at any byte. It stores
// messages in memory and hands them to nobody.
package amqptest
