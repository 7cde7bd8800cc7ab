#!/bin/sh
# Regenerates the Python messages of bench.v1 from harness/proto. Needs protoc 3.21: what it writes runs with every
# protobuf from 4.21 on, while newer compilers write code that only runs with a runtime as new as they are.
set -eu
cd "$(dirname "$0")"
case $(protoc --version) in
"libprotoc 3.21."*) ;;
*) echo "$(protoc --version) found, protoc 3.21 expected (protobuf-compiler of Debian 12 and Ubuntu 24.04)" >&2; exit 1 ;;
esac
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
protoc -I ../../../harness/proto --python_out="$out" --pyi_out="$out" bench/v1/bench.proto
cp "$out/bench/v1/bench_pb2.py" "$out/bench/v1/bench_pb2.pyi" src/sharpbench/_proto/
