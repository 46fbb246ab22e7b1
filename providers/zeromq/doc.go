// Package zeromq sends events to ZeroMQ sockets: PUSH to a PULL, as ansible-runner-zeromq does, or PUB to SUBs. It speaks
// ZMTP 3 itself, over TCP or a unix socket, without libzmq.
//
// ZeroMQ acknowledges nothing. A PUSH therefore asks the peer with a PING behind each batch (`confirm`), which a ZMTP 3.1
// peer, so libzmq since 4.3.3, answers in the order of the stream: the PONG says that the peer's socket has read what came
// before it, and that is what delivered means. What its program has not yet taken out of the socket when it dies is lost;
// only an answer of the program itself could tell. A connection that breaks before the PONG leaves the outcome unknown, and
// the batch is sent again. With `confirm: false`, and for a PUB, written is delivered: what is on its way when a connection
// breaks is lost.
//
// A session sends in order. A PULL takes from its connections in turns, though: when a connection breaks and its program lags
// behind, what comes over the next connection may overtake what is left in the socket from the one before.
//
// A receiver that takes nothing is felt through TCP: events stay in the backlog, where a ZeroMQ publisher would throw them
// away.
//
// A PUB sends to each subscriber what it has subscribed to, which is compared with the first frame: the topic if there is
// one, else the body. What no subscription matches is nobody's, as always in ZeroMQ, and counts as delivered. As long as
// there is no subscription at all, nothing is sent: a session needs one, and ends with the last one.
package zeromq
