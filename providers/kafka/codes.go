package kafka

import (
	"fmt"
	"strconv"
)

// code is an error code of the protocol.
type code int16

// The codes that mean something to a producer. lost stands for an answer that never came.
const (
	lost                       code = -2
	unknownServerError         code = -1
	none                       code = 0
	corruptMessage             code = 2
	unknownTopicOrPartition    code = 3
	leaderNotAvailable         code = 5
	notLeader                  code = 6
	requestTimedOut            code = 7
	messageTooLarge            code = 10
	networkException           code = 13
	coordinatorLoading         code = 14
	coordinatorNotAvailable    code = 15
	notCoordinator             code = 16
	invalidTopic               code = 17
	recordListTooLarge         code = 18
	notEnoughReplicas          code = 19
	notEnoughReplicasAfter     code = 20
	invalidRequiredAcks        code = 21
	topicAuthorizationFailed   code = 29
	clusterAuthorizationFailed code = 31
	invalidTimestamp           code = 32
	unsupportedMechanism       code = 33
	illegalSASLState           code = 34
	unsupportedVersion         code = 35
	invalidRequest             code = 42
	unsupportedFormat          code = 43
	policyViolation            code = 44
	outOfOrderSequence         code = 45
	duplicateSequence          code = 46
	invalidProducerEpoch       code = 47
	kafkaStorageError          code = 56
	saslAuthenticationFailed   code = 58
	unknownProducerID          code = 59
	unsupportedCompression     code = 76
	invalidRecord              code = 87
	throttlingQuotaExceeded    code = 89
)

var codeNames = map[code]string{
	lost:                       "no answer",
	unknownServerError:         "UNKNOWN_SERVER_ERROR",
	corruptMessage:             "CORRUPT_MESSAGE",
	unknownTopicOrPartition:    "UNKNOWN_TOPIC_OR_PARTITION",
	leaderNotAvailable:         "LEADER_NOT_AVAILABLE",
	notLeader:                  "NOT_LEADER_OR_FOLLOWER",
	requestTimedOut:            "REQUEST_TIMED_OUT",
	messageTooLarge:            "MESSAGE_TOO_LARGE",
	networkException:           "NETWORK_EXCEPTION",
	coordinatorLoading:         "COORDINATOR_LOAD_IN_PROGRESS",
	coordinatorNotAvailable:    "COORDINATOR_NOT_AVAILABLE",
	notCoordinator:             "NOT_COORDINATOR",
	invalidTopic:               "INVALID_TOPIC_EXCEPTION",
	recordListTooLarge:         "RECORD_LIST_TOO_LARGE",
	notEnoughReplicas:          "NOT_ENOUGH_REPLICAS",
	notEnoughReplicasAfter:     "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
	invalidRequiredAcks:        "INVALID_REQUIRED_ACKS",
	topicAuthorizationFailed:   "TOPIC_AUTHORIZATION_FAILED",
	clusterAuthorizationFailed: "CLUSTER_AUTHORIZATION_FAILED",
	invalidTimestamp:           "INVALID_TIMESTAMP",
	unsupportedMechanism:       "UNSUPPORTED_SASL_MECHANISM",
	illegalSASLState:           "ILLEGAL_SASL_STATE",
	unsupportedVersion:         "UNSUPPORTED_VERSION",
	invalidRequest:             "INVALID_REQUEST",
	unsupportedFormat:          "UNSUPPORTED_FOR_MESSAGE_FORMAT",
	policyViolation:            "POLICY_VIOLATION",
	outOfOrderSequence:         "OUT_OF_ORDER_SEQUENCE_NUMBER",
	duplicateSequence:          "DUPLICATE_SEQUENCE_NUMBER",
	invalidProducerEpoch:       "INVALID_PRODUCER_EPOCH",
	kafkaStorageError:          "KAFKA_STORAGE_ERROR",
	saslAuthenticationFailed:   "SASL_AUTHENTICATION_FAILED",
	unknownProducerID:          "UNKNOWN_PRODUCER_ID",
	unsupportedCompression:     "UNSUPPORTED_COMPRESSION_TYPE",
	invalidRecord:              "INVALID_RECORD",
	throttlingQuotaExceeded:    "THROTTLING_QUOTA_EXCEEDED",
}

// String returns the code's name in Kafka's documentation.
func (c code) String() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return "error code " + strconv.Itoa(int(c))
}

// meaning is what an answer says about a batch.
type meaning uint8

const (
	// retryable: to be sent again as it is.
	retryable meaning = iota
	// gap: a batch before this one is missing.
	gap
	// refusal: nothing of the batch was written, because of what is in it.
	refusal
	// fatal: sending again does not help.
	fatal
)

func (c code) meaning() meaning {
	switch c {
	case lost, unknownServerError, unknownTopicOrPartition, leaderNotAvailable, notLeader, requestTimedOut, networkException,
		notEnoughReplicas, notEnoughReplicasAfter, kafkaStorageError, throttlingQuotaExceeded:
		return retryable
	case outOfOrderSequence:
		return gap
	case corruptMessage, messageTooLarge, recordListTooLarge, invalidTimestamp, invalidRecord:
		return refusal
	}
	return fatal
}

// written reports whether a batch that was answered with c may be in the log. A leader that loses its office while its
// replicas copy a batch answers with notLeader or unknownTopicOrPartition.
func (c code) written() bool {
	switch c {
	case leaderNotAvailable, notEnoughReplicas, throttlingQuotaExceeded,
		corruptMessage, messageTooLarge, recordListTooLarge, invalidTimestamp, invalidRecord,
		outOfOrderSequence, // judged with its round
		invalidTopic, invalidRequiredAcks, topicAuthorizationFailed, clusterAuthorizationFailed, unsupportedVersion,
		invalidRequest, unsupportedFormat, policyViolation, unsupportedCompression:
		return false
	}
	return true
}

// newLeader reports whether c says that another broker may lead the partition.
func (c code) newLeader() bool {
	return c == unknownTopicOrPartition || c == leaderNotAvailable || c == notLeader || c == lost || c == kafkaStorageError
}

// answerError is a broker's answer as an error.
type answerError struct {
	code code
	text string
	hint string
}

func (e *answerError) Error() string {
	s := e.code.String()
	if e.text != "" && e.text != s {
		s = fmt.Sprintf("%s (%s)", s, e.text)
	}
	if e.hint != "" {
		s += "; " + e.hint
	}
	return s
}
