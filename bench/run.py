#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks beside their peers and prints a table, or with --json a list of objects
{bench, unit, value, peer, peer_value, ratio}. A ratio above 1 is in Catenet's favour, whatever the unit.

usage: run.py [NAME ...] [--json] [--runs N]     NAME: core (all of them, the default), or one of those that --list names
Programs are taken from $CATENET_BUILD_DIR (default build/release). Exit codes: 0; 1 a bench failed; 2 usage.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import measure
import recovery
from measure import Missing, in_turn, median, run_json

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.environ.get("CATENET_BUILD_DIR", os.path.join(ROOT, "build", "release"))
LOWER_IS_BETTER = {"ns", "bytes", "allocations"}


def program(name):
    path = os.path.join(BUILD, "bench", name)
    if not os.access(path, os.X_OK):
        raise Missing(f"{name} is not built in {BUILD}")
    return path


def row(bench, unit, value, peer=None, peer_value=None):
    ratio = None
    if peer_value and value:
        ratio = peer_value / value if unit.split("/")[0] in LOWER_IS_BETTER else value / peer_value
    return {"bench": bench, "unit": unit, "value": value, "peer": peer, "peer_value": peer_value, "ratio": ratio}


def own_figures(name, runs, *arguments, cpu=measure.MEASURED):
    """A program that prints all its figures itself, its peers' included: medians over its least disturbed runs."""
    path = program(name)
    (outputs,) = in_turn([lambda: run_json([path, *arguments], cpu)], runs)
    for same in zip(*outputs):
        first = same[0]
        peer_value = median([r["peer_value"] for r in same]) if "peer_value" in first else None
        yield row(first["bench"], first["unit"], median([r["value"] for r in same]), first.get("peer"), peer_value)


def scheduler(runs):
    yield from own_figures("bench_scheduler", runs)


def packet(runs):
    yield from own_figures("bench_packet", runs)


def wire(runs):
    yield from own_figures("bench_wire", runs)


def ns3(*arguments, peer="ns3_chain"):
    """A taker for ns-3's figure, or None where its libraries were not there when this was built."""
    try:
        path = program(peer)
    except Missing as missing:
        print(f"without the peer ns-3: {missing}", file=sys.stderr)
        return None
    return lambda: run_json([path, *arguments])[0]["value"]


def beside(path_and_arguments, taker, peer, runs):
    """Rows of one of our programs; its first figure stands beside the peer's."""
    ours = lambda: run_json(path_and_arguments)
    outputs, *peers = in_turn([ours] if taker is None else [ours, taker], runs)
    for i, same in enumerate(zip(*outputs)):
        value = median([r["value"] for r in same])
        if i == 0 and peers:
            yield row(same[0]["bench"], same[0]["unit"], value, peer, median(peers[0]))
        else:
            yield row(same[0]["bench"], same[0]["unit"], value)


def chain(runs):
    for routers, seconds, ns3_seconds in ((2, 10, 2), (8, 6, 1), (32, 3, 0.5)):
        ours = [program("bench_chain"), routers, seconds]
        yield from beside(ours, ns3("chain", routers, ns3_seconds), "ns-3", runs)


def host(runs):
    yield from beside([program("bench_host")], ns3("idle", 10000), "ns-3, without interface", runs)
    yield from beside([program("bench_host"), "linked"], ns3("linked", 10000), "ns-3", runs)


def engine(runs):
    """Whole networks in virtual time: what bench_engine has, and the chains."""
    yield from chain(runs)
    ours = program("bench_engine")
    yield from own_figures("bench_engine", runs, "chains", 4096)
    yield from beside([ours, "dumbbell", 100, 3], ns3("dumbbell", 100, 1, peer="ns3_engine"), "ns-3", runs)
    yield from own_figures("bench_engine", runs, "fattree4", 100)
    yield from own_figures("bench_engine", runs, "fattree8", 2, 10, cpu=None)
    yield from beside([ours, "idle", 10000], ns3("idle", 10000, peer="ns3_engine"), "ns-3", runs)
    yield from own_figures("bench_engine", 1, "million", 1_000_000)
    for population in (100, 10_000, 1_000_000):
        for threads in (1, 2):
            yield from own_figures("bench_engine", runs, "phold", population, threads, cpu=None)


def tcp(runs):
    yield from own_figures("bench_tcp", runs, 2000)


def transport(runs):
    yield from own_figures("bench_pcb", runs)
    for mode, number in (("bulk", 3), ("bulk-super", 3), ("rr", 3), ("cycles", 10_000), ("idle", 10_000)):
        try:
            peer = [program("lwip_memory"), mode.removesuffix("-super"), number]
            taker = lambda: run_json(peer)[0]["value"]
        except Missing as missing:
            print(f"without the peer lwIP: {missing}", file=sys.stderr)
            taker = None
        yield from beside([program("bench_transport"), mode, number], taker, "lwIP", runs)
    yield from own_figures("bench_transport", 1, "million")


def tap(runs):
    """Our stack and the kernel's on a TAP device, beside lwIP on a TAP device and the kernel on a veth pair."""
    client, server = measure.OTHER, measure.MEASURED
    kernel = program("kernel_tcp")
    ours = program("bench_tap")
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    for mode, what, unit in (
        ("in", "TCP over TAP, bulk from the kernel", "bit/s"),
        ("out", "TCP over TAP, bulk to the kernel", "bit/s"),
        ("rr", "TCP over TAP, one-byte transactions, spinning", "1/s"),
        ("rr-sleeping", "TCP over TAP, one-byte transactions, sleeping", "1/s"),
    ):
        takers = [lambda: run_json([ours, kernel, client, mode, 3])[0]["value"]]
        peers = []
        try:
            lwip = [*alone, program("lwip_tap"), kernel, client, mode, 3]
            takers.append(lambda: run_json(lwip)[0]["value"])
            peers.append("lwIP on a TAP")
        except Missing as missing:
            print(f"without the peer lwIP: {missing}", file=sys.stderr)
        verb = "ask" if mode.startswith("rr") else "receive"
        veth = [os.path.join(HERE, "peers", "veth_tcp.sh"), kernel, client, server, verb, 3]
        takers.append(lambda: run_json(veth)[0]["value"])
        peers.append("Linux over veth")
        value, *others = (median(figures) for figures in in_turn(takers, runs))
        for peer, peer_value in zip(peers, others):
            yield row(what, unit, value, peer, peer_value)


def iperf3_gbits(text):
    return json.loads(text)["end"]["sum_received"]["bits_per_second"] / 1e9


def iperf3_catenet(catenet):
    with tempfile.TemporaryDirectory() as out:
        lab = os.path.join(HERE, "labs", "iperf3.yaml")
        subprocess.run([catenet, "run", lab, "--out", out, "--quiet"], check=True, timeout=60, stdout=subprocess.DEVNULL)
        with open(os.path.join(out, "programs", "iperf3.stdout"), encoding="utf-8") as result:
            return iperf3_gbits(result.read())


def iperf3_bridge(offloads):
    script = os.path.join(HERE, "peers", "bridge_iperf3.sh")
    done = subprocess.run([script, offloads], check=True, timeout=60, stdout=subprocess.PIPE, text=True)
    return iperf3_gbits(done.stdout)


def iperf3(runs):
    catenet = os.path.join(BUILD, "cli", "catenet")
    for needed in (catenet, "iperf3", "ethtool", "ip", "unshare"):
        if shutil.which(needed) is None:
            raise Missing(f"{needed} is not there")
    ours, off, on = in_turn(
        [lambda: iperf3_catenet(catenet), lambda: iperf3_bridge("off"), lambda: iperf3_bridge("on")], runs
    )
    name = "real iperf3 through a switch"
    yield row(name, "Gbit/s", median(ours), "kernel bridge, offloads off", median(off))
    yield row(name, "Gbit/s", median(ours), "kernel bridge, offloads on", median(on))


def loss_recovery(runs):
    """Goodput on bad paths; the stochastic part is large, so only as many runs as were asked for, one seed each."""
    catenet = os.path.join(BUILD, "cli", "catenet")
    for needed in (catenet, "curl", "ip", "unshare"):
        if shutil.which(needed) is None:
            raise Missing(f"{needed} is not there")
    for case in recovery.CASES:
        pairs = [recovery.measure(catenet, case, seed=seed + 1)[:2] for seed in range(runs)]
        ours, kernels = (median([pair[k] for pair in pairs]) for k in (0, 1))
        yield row(f"TCP goodput, {case}", "Mbit/s", ours, "Linux, same path and run", kernels)


BENCHES = {
    "scheduler": scheduler,
    "packet": packet,
    "wire": wire,
    "chain": chain,
    "host": host,
    "engine": engine,
    "tcp": tcp,
    "transport": transport,
    "tap": tap,
    "iperf3": iperf3,
    "recovery": loss_recovery,
}


def figure(value):
    if value is None:
        return "-"
    for size, suffix in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= 10 * size or (suffix != " k" and abs(value) >= size):
            return f"{value / size:.2f}{suffix}"
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def print_row(r):
    ratio = "" if r["ratio"] is None else f"{r['ratio']:.2f} x"
    peer = "" if r["peer"] is None else f"{figure(r['peer_value']):>10}  {r['peer']}"
    print(f"{r['bench']:<52}{figure(r['value']):>10} {r['unit']:<16}{ratio:>9}  {peer}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="x bench")
    parser.add_argument("names", nargs="*", metavar="NAME", default=["core"])
    parser.add_argument("--json", action="store_true", help="a list of objects on standard output")
    parser.add_argument("--runs", type=int, default=3, help="runs of each program (default 3)")
    parser.add_argument("--list", action="store_true", help="the names of the benchmarks")
    options = parser.parse_args()
    if options.list:
        print("core:", *BENCHES)
        return 0
    unknown = [name for name in options.names if name != "core" and name not in BENCHES]
    if unknown:
        parser.error(f"there is no benchmark '{unknown[0]}'; there are: core {' '.join(BENCHES)}")
    # Whoever asks for everything gets the chains as a part of the engine.
    names = [name for name in BENCHES if name != "chain"] if "core" in options.names else options.names
    measure.claim_machine()
    rows, status = [], 0
    for name in names:
        try:
            for r in BENCHES[name](options.runs):
                rows.append(r)
                if not options.json:
                    print_row(r)
        except Missing as missing:
            print(f"{name}: left out: {missing}", file=sys.stderr)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{name}: failed: {error}", file=sys.stderr)
            status = 1
    if options.json:
        json.dump(rows, sys.stdout, indent=1)
        print()
    return status


if __name__ == "__main__":
    sys.exit(main())
