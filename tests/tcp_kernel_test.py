#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Catenet's TCP against the Linux kernel's over TAP: 200 combinations of seed and loss, each in both directions.

The hub is a Linux namespace with a link to each of 40 Catenet hosts. At the same time a real curl fetches a file from
each host's http-server, and each host fetches a file from Python's http.server; SHA-256 is taken at both ends.

TCP is on trial here, not ARP, whose few requests may all be lost, and whose answers no checksum protects: the kernel gets
permanent neighbours; Catenet patience, and little trust in what it learnt.
"""
import hashlib
import random
from concurrent.futures import ThreadPoolExecutor

import lab
import tcp_labs

SEEDS = range(1, 6)
HOSTS = 40
LEAST, MOST = 16_000, 48_000
MAX_S = 240
# A back-off that doubles without end has no mean over such links: one transfer in a thousand would take an hour.
CATENET_TCP = "{max_rto: 1s, syn_retries: 60, retries: 100}"
SYSCTL = "/proc/sys/net/ipv4"
KERNEL_SETTINGS = [
    f"test ! -e {SYSCTL}/tcp_rto_max_ms || echo 1000 > {SYSCTL}/tcp_rto_max_ms",  # since Linux 6.15
    f"echo 1 > {SYSCTL}/tcp_thin_linear_timeouts", f"echo 60 > {SYSCTL}/tcp_syn_retries",
    f"echo 60 > {SYSCTL}/tcp_orphan_retries",
    f"echo 100 > {SYSCTL}/tcp_retries2"]
# What python3 -m http.server is, but for its backlog of 5: 40 handshakes at once would overflow that, and the kernel
# resets connections whose last acknowledgement it had no room for.
SERVER = """import http.server
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
Server(("", 80), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def last_frames(run, i):
    """For whoever has to find out why: the end of both connections as the host saw it."""
    return "\n".join(lab.tshark(run.out / f"h{i}_hub.pcapng", "-Y", "tcp").splitlines()[-60:]) + "\n"


class TcpKernel(lab.LabTest):
    def the_lab(self, seed):
        up = tcp_labs.sizes(-seed, HOSTS, LEAST, MOST)
        www = self.folder / f"www{seed}"
        www.mkdir()
        generator = random.Random(seed)
        files = []
        for i, size in enumerate(tcp_labs.sizes(seed, HOSTS, LEAST, MOST)):
            files.append(generator.randbytes(size))
            (www / f"down{i}").write_bytes(files[-1])
        (www / "serve.py").write_text(SERVER)
        curl = f"curl -sS --max-time {MAX_S}"
        prepare = "; ".join([*KERNEL_SETTINGS, *(
            f"ip neigh replace {tcp_labs.host_address(i)} lladdr {tcp_labs.host_mac(i)} dev eth{i} nud permanent"
            for i in range(HOSTS))])
        programs = [f"      - {{run: '{prepare}', name: prepare}}"]
        programs += [f"      - {{run: python3 serve.py, name: kernel-serves, service: true, ready: tcp:80, cwd: {www}}}"]
        programs += [f"      - {{run: '{curl} http://h{i}/up | sha256sum', name: kernel-gets-h{i}, after: [prepare, h{i}-serves],"
                     " exit: any}" for i in range(HOSTS)]
        nodes = ["  hub:", "    stack: linux", "    run:", *programs]
        for i, size in enumerate(up):
            nodes += [f"  h{i}:", "    kind: host", "    arp: {timeout: 1s, retries: 20}", f"    tcp: {CATENET_TCP}", "    run:",
                      f"      - {{run: http-server /up={size}, name: h{i}-serves}}",
                      f"      - {{run: 'fetch http://{tcp_labs.hub_address(i)}/down{i} timeout={MAX_S}s', name: h{i}-gets, after: kernel-serves,"
                      " exit: any}"]
        return tcp_labs.assemble(f"tcp-kernel-{seed}", seed, f"{MAX_S + 30}s", nodes, HOSTS,
                                 [f"h{i}" for i in range(HOSTS)]), files, up

    def judge(self, seed):
        text, files, up = self.the_lab(seed)
        run = self.run_lab(self.write(text, f"kernel{seed}.yaml"), "--quiet", out=f"out{seed}", expect=None,
                           timeout=MAX_S + 120)
        wrong = [] if run.code == 0 else [f"seed {seed}: {run.story()}"]
        for i in range(HOSTS):
            told = f"seed {seed}, host {i}, {tcp_labs.losses(HOSTS)[i]:.1f} % loss"
            got = run.program(f"h{i}-gets")
            facts = got["result"]
            if (facts.get("bytes"), facts.get("sha256")) != (len(files[i]), hashlib.sha256(files[i]).hexdigest()):
                wrong.append(f"{told}: kernel to Catenet: exit {got['exit']}, {facts}: {run.printed(f'h{i}-gets')}"
                             + last_frames(run, i))
            sent = run.program(f"h{i}-serves")["result"].get("sha256")
            taken = run.printed(f"kernel-gets-h{i}").split()[:1]
            if taken != [sent]:
                wrong.append(f"{told}: Catenet to kernel: sent {sent}, curl took {taken} of {up[i]} bytes: "
                             + run.printed(f"kernel-gets-h{i}", "stderr") + last_frames(run, i))
        return wrong, run.report["drops"]

    def test_every_byte_arrives(self):
        # The runs mostly wait for retransmission timers of the kernel, so all go at once.
        with ThreadPoolExecutor(len(SEEDS)) as pool:
            results = list(pool.map(self.judge, SEEDS))
        wrong = [line for wrong, _ in results for line in wrong]
        self.assertEqual(wrong, [], "\n".join(wrong))
        # The links were as bad as promised: without these the test would prove nothing.
        for reason in ("link-loss", "bad-tcp-checksum", "tcp-duplicate"):
            self.assertGreater(sum(drops.get(reason, 0) for _, drops in results), 20, reason)


if __name__ == "__main__":
    lab.main()
