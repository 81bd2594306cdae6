#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kernel against itself: kernel_tcp in two network namespaces joined by a veth pair, MTU 1500, all offloads as they
# come, CUBIC. Needs no privileges: it runs in a user namespace of its own, which ends with it.
#   veth_tcp.sh KERNEL_TCP CPU CPU receive|ask SECONDS      the first CPU is the client's
set -eu
if [ "${6:-}" != inside ]; then
  exec unshare --user --map-root-user --net --mount --pid --fork --kill-child "$0" "$1" "$2" "$3" "$4" "$5" inside
fi
mount -t tmpfs none /run
for host in 1 2; do
  ip netns add "h$host"
done
ip link add eth0 netns h1 type veth peer name eth0 netns h2
for host in 1 2; do
  ip -n "h$host" addr add "10.77.0.$host/24" dev eth0
  ip -n "h$host" link set eth0 up
  ip -n "h$host" route change 10.77.0.0/24 dev eth0 congctl cubic
done
ip netns exec h2 "$1" --cpu "$3" serve 9 &
ip netns exec h1 "$1" --cpu "$2" "$4" 10.77.0.2 9 "$5"
