#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Catenet's TCP against itself through whole networks: 200 combinations of seed and loss, both ways at once.

Each host fetches a file from the hub and serves one that the hub fetches; SHA-256 is taken at both ends by the programs
themselves. A transfer may take long at 30 % loss (time is virtual), but not one byte may be wrong or missing.
"""
from concurrent.futures import ThreadPoolExecutor

import lab
import tcp_labs

SEEDS = range(1, 21)
HOSTS = 10
LEAST, MOST = 20_000, 120_000


def the_lab(seed):
    down = tcp_labs.sizes(seed, HOSTS, LEAST, MOST)
    up = tcp_labs.sizes(-seed, HOSTS, LEAST, MOST)
    # One server for each transfer, so that the checksum of what it sent is its own fact.
    programs = [f"      - {{run: http-server port={8000 + i} /down={size}, name: hub-serves-h{i}}}"
                for i, size in enumerate(down)]
    programs += [f"      - {{run: 'fetch http://h{i}/up timeout=1h', name: hub-gets-h{i}, after: h{i}-serves}}"
                 for i in range(HOSTS)]
    nodes = ["  hub:", "    kind: host", "    run:", *programs]
    for i, size in enumerate(up):
        nodes += [f"  h{i}:", "    kind: host", "    run:",
                  f"      - {{run: http-server port=80 /up={size}, name: h{i}-serves}}",
                  f"      - {{run: 'fetch http://{tcp_labs.hub_address(i)}:{8000 + i}/down timeout=1h', name: h{i}-gets, after: hub-serves-h{i}}}"]
    return tcp_labs.assemble(f"tcp-self-{seed}", seed, "2h", nodes, HOSTS), down, up


class TcpSelf(lab.LabTest):
    def judge(self, seed):
        text, down, up = the_lab(seed)
        run = self.run_lab(self.write(text, f"self{seed}.yaml"), "--quiet", out=f"out{seed}", expect=None)
        self.assertEqual(run.code, 0, f"seed {seed}: {run.story()}")
        for i in range(HOSTS):
            for server, client, size in ((f"hub-serves-h{i}", f"h{i}-gets", down[i]),
                                         (f"h{i}-serves", f"hub-gets-h{i}", up[i])):
                sent, got = run.program(server)["result"], run.program(client)["result"]
                told = f"seed {seed}, host {i}, {tcp_labs.losses(HOSTS)[i]:.1f} % loss: {client}"
                self.assertEqual((got["status"], got["bytes"]), (200, size), told)
                self.assertEqual(got["sha256"], sent["sha256"], told)
        return run.report["drops"]

    def test_every_byte_arrives(self):
        with ThreadPoolExecutor(2) as pool:
            drops = list(pool.map(self.judge, SEEDS))
        # The links were as bad as promised: without these the test would prove nothing.
        for reason in ("link-loss", "bad-tcp-checksum", "tcp-duplicate"):
            self.assertGreater(sum(found.get(reason, 0) for found in drops), 100, reason)


if __name__ == "__main__":
    lab.main()
