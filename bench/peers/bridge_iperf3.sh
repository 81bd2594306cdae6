#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The peer of labs/iperf3.yaml: the same flow of iperf3 between two network namespaces through the kernel's bridge and
# veth pairs, MTU 1500. With "off" as its argument segmentation and checksum offloads are switched off, so that real
# 1500-byte frames with real checksums cross the bridge, as they do through Catenet. Prints iperf3's JSON.
# Needs no privileges: it runs in a user namespace of its own, which ends with it.
set -eu
if [ "${2:-}" != inside ]; then
  exec unshare --user --map-root-user --net --mount --pid --fork --kill-child "$0" "${1:-on}" inside
fi
mount -t tmpfs none /run
ip link add br0 type bridge
ip link set br0 up
for host in 1 2; do
  ip netns add "h$host"
  ip link add "port$host" type veth peer name eth0 netns "h$host"
  ip link set "port$host" master br0 up
  ip -n "h$host" addr add "10.77.0.$host/24" dev eth0
  ip -n "h$host" link set eth0 up
  ip -n "h$host" link set lo up
  if [ "$1" = off ]; then
    ethtool -K "port$host" tso off gso off gro off tx off rx off >/dev/null 2>&1
    ip netns exec "h$host" ethtool -K eth0 tso off gso off gro off tx off rx off >/dev/null 2>&1
  fi
done
ip netns exec h2 iperf3 -s -1 >/dev/null &
tries=0
# Listening: port 5201 in state 0A.
until ip netns exec h2 grep -q ':1451 [0-9A-F]*:0000 0A' /proc/net/tcp /proc/net/tcp6; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || exit 1
  sleep 0.05
done
ip netns exec h1 iperf3 -c 10.77.0.2 -t 4 -O 1 --json
