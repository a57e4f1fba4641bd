// Package protocol is the language between client and server: one line each way, over TCP or in a datagram.
//
//	request  <number>[ close]\n
//	answer   <number> <pod> <ok|last|unready> <server's time in Unix nanoseconds>\n
package protocol

import (
	"bytes"
	"strconv"
)

// LineLimit is longer than every line, in bytes: two numbers of 20 digits, a Pod's name of 253, a state.
const LineLimit = 512

// State is how the server stands to a request.
type State string

const (
	// OK means that the request was served.
	OK State = "ok"
	// Last means that it was served, and that the server now closes the connection, as HTTP's "Connection: close" does.
	// In a datagram it says only that the server is shutting down.
	Last State = "last"
	// Unready means that it was refused, as HTTP's 503 does.
	Unready State = "unready"
)

// Answer is a parsed answer. Pod points into the line.
type Answer struct {
	Number int64
	Pod    []byte
	State  State
	At     int64
}

// Request is a parsed request.
type Request struct {
	Number int64
	// Close asks the server to close the connection once it has answered.
	Close bool
}

// AppendRequest appends a request's line.
func AppendRequest(to []byte, request Request) []byte {
	to = strconv.AppendInt(to, request.Number, 10)
	if request.Close {
		to = append(to, closing...)
	}
	return append(to, '\n')
}

// ParseRequest parses a request's line, with or without its end.
func ParseRequest(line []byte) (Request, bool) {
	text, found := bytes.CutSuffix(bytes.TrimSuffix(line, newline), closing)
	number, ok := parseNumber(text)
	return Request{Number: number, Close: found}, ok
}

// AppendAnswer appends an answer's line.
func AppendAnswer(to []byte, number int64, pod string, state State, at int64) []byte {
	to = append(strconv.AppendInt(to, number, 10), ' ')
	to = append(append(to, pod...), ' ')
	to = append(append(to, state...), ' ')
	return append(strconv.AppendInt(to, at, 10), '\n')
}

// ParseAnswer parses an answer's line, with or without its end.
func ParseAnswer(line []byte) (Answer, bool) {
	number, rest, _ := bytes.Cut(bytes.TrimSuffix(line, newline), space)
	pod, rest, _ := bytes.Cut(rest, space)
	word, at, _ := bytes.Cut(rest, space)
	state, known := parseState(word)
	answer := Answer{Pod: pod, State: state}
	var numbered, timed bool
	answer.Number, numbered = parseNumber(number)
	answer.At, timed = parseNumber(at)
	return answer, known && numbered && timed && len(pod) > 0
}

var newline, space, closing = []byte{'\n'}, []byte{' '}, []byte(" close")

// parseState allocates nothing.
func parseState(word []byte) (State, bool) {
	for _, state := range [...]State{OK, Last, Unready} {
		if string(word) == string(state) {
			return state, true
		}
	}
	return "", false
}

// parseNumber reads a number that is not negative, and allocates nothing.
func parseNumber(text []byte) (int64, bool) {
	if len(text) == 0 || len(text) > digits {
		return 0, false
	}
	number := int64(0)
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = number*10 + int64(c-'0')
	}
	return number, number >= 0
}

// digits is the length of the largest int64. A number of that length overflows at most once, which its sign shows.
const digits = 19
