#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Goodput over bad paths: Catenet's TCP beside the Linux kernel's, in one lab at the same time.

A Linux node receives. A Linux node and several Catenet hosts send to it through Catenet links of equal settings, FLOWS
each, every flow with a link of its own; curl measures what arrives in SECONDS. The kernel sends with the same congestion
control. Yields (case, Catenet's Mbit/s, the kernel's Mbit/s, Catenet's counters).
"""
import json
import os
import subprocess
import sys
import tempfile

FLOWS = 6
SECONDS = 10
SIZE = 200_000_000
CASES = {
    "no loss": "delay: 20ms",
    "1 % loss": "delay: 20ms, loss: 1%",
    "3 % loss": "delay: 20ms, loss: 3%",
    "5 % loss": "delay: 20ms, loss: 5%",
    "1 % loss, 100 ms": "delay: 50ms, loss: 1%",
    "1 % late by 30 ms": "delay: 20ms, reorder: 1% by 30ms",
    "jitter 5 ms": "delay: 20ms, jitter: 5ms",
    "1 % loss, 1 % late by 10 ms": "delay: 20ms, loss: 1%, reorder: 1% by 10ms",
}
KERNEL_NAME = {"newreno": "reno", "cubic": "cubic"}


def lab(settings, congestion, seed):
    fetch = f"curl -s -o /dev/null --max-time {SECONDS} -w %{{size_download}}"
    routes = "; ".join(f"ip route replace 10.0.{i}.0/24 dev eth{i} src 10.0.{i}.2 congctl {KERNEL_NAME[congestion]}"
                       for i in range(FLOWS))
    lines = ["lab: recovery", f"seed: {seed}", f"until: {SECONDS + 20}s", "capture: none", "nodes:",
             "  peer:", "    stack: linux", "    run:"]
    # One after the other, when all that has to start has started: a machine of two cores is busy with that, and a path
    # through a process that does not run is another path.
    starts = [f"{3 + i * 0.2:.1f}s" for i in range(2 * FLOWS)]
    for i in range(FLOWS):
        for name, link, service in ((f"kernel{i}", i, "serve"), (f"catenet{i}", FLOWS + i, f"c{i}-serves")):
            lines.append(f"      - {{run: '{fetch} http://10.0.{link}.2/file', name: {name}, after: {service},"
                         f" at: {starts.pop(0)}, exit: any}}")
    lines += ["  kernel:", "    stack: linux", "    run:", f"      - {{run: '{routes}', name: routes}}",
              f"      - {{run: 'truncate -s {SIZE} file && python3 -m http.server 80', name: serve, service: true,"
              " ready: tcp:80, after: routes}"]
    for i in range(FLOWS):
        lines += [f"  c{i}:", "    kind: host", f"    tcp: {{congestion: {congestion}}}", "    run:",
                  f"      - {{run: http-server /file={SIZE}, name: c{i}-serves}}"]
    lines.append("links:")
    lines += [f"  - peer -- kernel: {{rate: 20Mbit, queue: 200KiB, {settings}}}" for _ in range(FLOWS)]
    lines += [f"  - peer -- c{i}: {{rate: 20Mbit, queue: 200KiB, {settings}}}" for i in range(FLOWS)]
    return "\n".join(lines) + "\n"


def measure(catenet, case, congestion="newreno", seed=1):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "lab.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(lab(CASES[case], congestion, seed))
        out = os.path.join(folder, "out")
        done = subprocess.run([catenet, "run", path, "--out", out, "--quiet"], timeout=SECONDS + 90, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        def total(kind):
            numbers = []
            for i in range(FLOWS):
                with open(os.path.join(out, "programs", f"{kind}{i}.stdout"), encoding="utf-8") as text:
                    numbers.append(int(text.read().strip() or 0))
            return sum(numbers) * 8 / SECONDS / 1e6

        if not os.path.exists(os.path.join(out, "report.json")):
            raise OSError(done.stdout)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as report:
            flows = [f for f in json.load(report).get("flows", []) if f.get("node", "").startswith("c")]
        return total("catenet"), total("kernel"), flows


def cases(catenet, congestion="newreno", seed=1, only=None):
    for case in CASES:
        if only is None or only in case:
            yield (case, *measure(catenet, case, congestion, seed))


if __name__ == "__main__":
    for case, ours, kernels, flows in cases(sys.argv[1], *sys.argv[2:3], only=sys.argv[3] if len(sys.argv) > 3 else None):
        print(f"{case:30} Catenet {ours:8.2f} Mbit/s  Linux {kernels:8.2f} Mbit/s  ratio {ours / max(kernels, 0.001):.2f}", flush=True)
        if len(sys.argv) > 4:
            print(json.dumps(flows, indent=1))
