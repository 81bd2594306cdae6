#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten labs, each on one, two and four threads: the same bytes in every capture, table, event and report."""
import lab


def chain(routers, link):
    nodes = ["a: {kind: host, run: [{run: cbr z rate=8Mbit size=400 time=300ms, after: sink}, ping z count=3 interval=50ms]}"]
    nodes += [f"r{i}: router" for i in range(routers)] + ["z: {kind: host, run: [{run: udp-sink, name: sink}]}"]
    names = ["a", *(f"r{i}" for i in range(routers)), "z"]
    return nodes, [f"{left} -- {right}: {link}" for left, right in zip(names, names[1:])]


def star(hosts, options="", link="{rate: 100Mbit, delay: 20us}"):
    """Everybody sends to the next one, through one switch."""
    nodes = [f"h{i}: {{kind: host, {options} run: [{{run: bulk-server, name: s{i}}}, "
             f"{{run: bulk h{(i + 1) % hosts} bytes=300kB, name: b{i}, after: s{(i + 1) % hosts}}}]}}" for i in range(hosts)]
    return nodes + ["sw: switch"], [f"h{i} -- sw: {link}" for i in range(hosts)]


def dumbbell(flows, middle, tcp=""):
    nodes, links = ["l: router", "r: router"], [f"l -- r: {middle}"]
    for i in range(flows):
        nodes.append(f"a{i}: {{kind: host, {tcp} run: [{{run: bulk b{i} bytes=400kB, name: bulk{i}, after: sink{i}}}]}}")
        nodes.append(f"b{i}: {{kind: host, {tcp} run: [{{run: bulk-server, name: sink{i}}}]}}")
        links += [f"a{i} -- l: {{delay: {10 + i}us}}", f"b{i} -- r: {{delay: {30 + 7 * i}us}}"]
    return nodes, links


def fat_tree(routing="auto"):
    """k = 2 of everything: four edges with two hosts each, four aggregations, two cores."""
    nodes, links = [], []
    for pod in range(2):
        for half in range(2):
            nodes += [f"e{pod}{half}: router", f"g{pod}{half}: router"]
            links += [f"e{pod}{half} -- g{pod}{other}" for other in range(2)] + [f"g{pod}{half} -- c{half}: {{delay: 3us}}"]
            for host in range(2):
                name = f"h{pod}{half}{host}"
                peer = f"h{1 - pod}{half}{host}"
                nodes.append(f"{name}: {{kind: host, run: [{{run: bulk-server, name: s-{name}}}, "
                             f"{{run: bulk {peer} bytes=150kB, name: b-{name}, after: s-{peer}}}]}}")
                links.append(f"{name} -- e{pod}{half}: {{delay: 2us}}")
    nodes += ["c0: router", "c1: router"]
    return [node.replace(": router", f": {{kind: router, routing: {routing}}}") for node in nodes], links


def islands():
    """Parts without a link between them, and a link without delay that nobody may cut."""
    nodes = [f"{name}: {{kind: host, run: [ping {peer} count=4 interval=10ms]}}" for name, peer in ("ab", "ba", "cd", "dc")]
    return nodes + ["e: host"], ["a -- b: {delay: 0}", "c -- d: {delay: 5us, jitter: 3ms}"]


LABS = {
    "chain": chain(6, "{rate: 10Mbit, delay: 100us}"),
    "chain with trouble": chain(5, "{delay: 1ms, loss: 3%, duplicate: 2%, reorder: 5% by 3ms, jitter: 500us}"),
    "chain that damages bits": chain(3, "{delay: 50us, bit_error_rate: 1e-6, corrupt: 1%}"),
    "star": star(9),
    "star with short queues": star(6, link="{rate: 20Mbit, delay: 5us, queue: 8p}"),
    "star with trains": star(5, link="{rate: 1Gbit, delay: 5us, trains: true}"),
    "dumbbell": dumbbell(5, "{rate: 20Mbit, delay: 5ms, queue: 30p}"),
    "dumbbell with RED": dumbbell(4, "{rate: 50Mbit, delay: 1ms, red: {min: 5p, max: 15p}}"),
    "dumbbell with marks": dumbbell(4, "{rate: 50Mbit, delay: 1ms, queue: 100p, mark: 20p}", "tcp: {congestion: dctcp},"),
    "fat tree": fat_tree(),
    "fat tree with equal routes": fat_tree("ecmp"),
    "islands": islands(),
}


class Parallel(lab.LabTest):
    def test_threads_change_nothing(self):
        for name, (nodes, links) in LABS.items():
            with self.subTest(name):
                text = "\n".join(["lab: parallel", "until: 20s", "nodes:", *(f"  {node}" for node in nodes), "links:",
                                  *(f"  - {link}" for link in links)])
                self.compare(text)

    def compare(self, text):
        one = self.run_lab(text, out="one")
        self.assertGreater(one.report["sim"]["packet_hops"], 10)
        self.assertTrue(one.report["packets"]["conserved"])
        for threads in (2, 4):
            for more in ([], ["--partition-size", 2]):
                run = self.run_lab(text, "--threads", threads, *more, out="more")
                self.assertGreater(run.report["sim"]["partitions"], 1, "there was something to spread")
                self.assert_same(one, run, f"--threads {threads} {more}")

    def test_what_needs_one_thread_says_so(self):
        real = "nodes: {a: {stack: linux}, b: host}\nlinks: [a -- b]"
        for text, arguments, what in ((real, [], "real time"),
                                      ("nodes: {a: host}", ["--step", "pcb"], "--step")):
            code, _, err = self.catenet("run", self.write(text), "--threads", 2, *arguments)
            self.assertEqual(code, 2)
            self.assertIn(what, err)
        code, _, err = self.catenet("run", self.write("nodes: {a: host}"), "--threads", 0)
        self.assertEqual(code, 2)


if __name__ == "__main__":
    lab.main()
