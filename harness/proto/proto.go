// Package proto holds what the bench host and its plugins have agreed on: the messages (bench/v1/bench.proto, where
// the protocol is described) and the constants of the handshake. Only the plugin host and the plugin SDK import it;
// people who write plugins never see it.
package proto

import (
	"regexp"
	"strconv"
)

//go:generate ./generate.sh

// Version is the major version of the protocol, that of package bench.v1.
const Version = 1

// The cookie tells a plugin program that it was started by a host. It is no secret.
const (
	CookieKey   = "BENCH_PLUGIN"
	CookieValue = "c1f9b3a0-sharpbench-plugin"
)

// ServiceSet is the name under which go-plugin files the services of a plugin.
const ServiceSet = "bench"

// ArenaFD is the file descriptor at which a plugin finds the arena.
const ArenaFD = 3

// MaxMessage is the receive limit of a plugin's gRPC server in bytes.
const MaxMessage = 64 << 20

// MaxBlob is the largest blob of a commit in bytes.
const MaxBlob = 64 << 10

// Slots every session has.
const (
	SlotParams = "params"
	SlotGrad   = "grad"
	SlotInit   = "init"   // metrics
	SlotUpdate = "update" // metrics
)

// MaxTables is the largest number of values in all tables of a measurement together.
const MaxTables = 1 << 16

// SlotPeer is the slot with the parameters of a peer, counted from 1; that of its last committed step is called the same
// with ".update" behind it.
func SlotPeer(k int) string { return "peer" + strconv.Itoa(k) }

var peerSlot = regexp.MustCompile(`^peer[1-9][0-9]*(\.update)?$`)

// IsPeerSlot reports whether a slot's name is one that the host gives to peers.
func IsPeerSlot(name string) bool { return peerSlot.MatchString(name) }

// TestServe is the argument with which a test binary that contains a plugin is started as that plugin.
const TestServe = "bench-plugin-serve"
