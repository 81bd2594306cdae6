#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Congestion control in whole networks: DCTCP over a queue that marks, CUBIC over one that does not, BBR in company, and ECN
with the Linux kernel at the other end, in both directions, as tshark decodes it."""
import lab

SIZE = 3_000_000
KERNEL = "10.0.0.1"
SYN, ACK, ECE, CWR, AE = 0x02, 0x10, 0x40, 0x80, 0x100


def dumbbell(settings, seconds, bottleneck, senders=1):
    """Senders on fast links, a router, one bottleneck to the receiver."""
    nodes = [f"  s{i}: {{run: {{run: bulk r time={seconds}s, name: bulk{i}, after: serve}}}}" for i in range(senders)]
    links = [f"  - s{i} -- gw: {{rate: 10Gbit, delay: 1us}}" for i in range(senders)]
    return "\n".join([
        "lab: congestion", "seed: 7", f"until: {seconds + 60}s", "capture: none", "defaults:",
        f"  host: {{tcp: {{send_buffer: 8MiB, receive_buffer: 8MiB, {settings}}}}}", "nodes:",
        "  gw: router", "  r: {run: {run: bulk-server, name: serve}}", *nodes,
        "links:", *links, f"  - gw -- r: {{{bottleneck}}}", ""])


def kernel_lab(www, ecn):
    prepare = "echo 1 > /proc/sys/net/ipv4/tcp_ecn"
    return f"""
lab: ecn-kernel
until: 60s
capture: ["h:gw"]
nodes:
  k:
    stack: linux
    address: 10.0.0.1/24
    run:
      - {{run: '{prepare}', name: prepare}}
      - {{run: python3 -m http.server 80, name: kernel-serves, service: true, ready: tcp:80, cwd: {www}, after: prepare}}
      - {{run: 'curl -sS --max-time 40 http://h/up | wc -c', name: kernel-gets, after: [prepare, serves]}}
  gw: router
  h:
    tcp: {{ecn: {ecn}}}
    run:
      - {{run: http-server /up={SIZE}, name: serves}}
      - {{run: 'fetch http://k/down timeout=40s', name: gets, after: kernel-serves}}
links:
  - k -- gw: {{rate: 20Mbit, delay: 5ms, queue: 1000p, mark: 10p}}
  - gw -- h: {{rate: 10Mbit, delay: 5ms, queue: 1000p, mark: 10p}}
"""


class LongFatPath(lab.LabTest):
    """1 Gbit/s with a round trip of 100 ms: 12.5 MB are under way, and nobody has set anything."""

    def test_buffers_grow_to_fill_it(self):
        run = self.run_lab("\n".join([
            "lab: long-fat", "until: 60s", "capture: none", "nodes:",
            "  r: {run: {run: bulk-server, name: serve}}",
            "  s: {run: {run: bulk r bytes=1GB, after: serve}}",
            "links:", "  - s -- r: {rate: 1Gbit, delay: 50ms, queue: 20000p}", ""]))
        flow = next(flow for flow in run.report["flows"] if flow["node"] == "s")
        self.assertEqual(flow["retransmits"], 0)
        # The queue holds what slow start overshoots. 8 s on the wire; slow start, from ten segments to a thousand times as many, costs about a second of them.
        self.assertGreater(flow["goodput_bps"], 0.8e9)


class Congestion(lab.LabTest):
    def flows(self, run):
        """The rows of the senders."""
        return [flow for flow in run.report["flows"] if flow["node"].startswith("s")]

    def mbit(self, run):
        return sum(flow["goodput_bps"] for flow in self.flows(run)) / 1e6

    def test_dctcp_keeps_a_marking_queue_short_and_full(self):
        for ecn in ("ask", "ask_accurate"):  # by DCTCP's own echo, and by the counters of RFC 9768
            with self.subTest(ecn):
                run = self.run_lab(dumbbell(f"congestion: dctcp, ecn: {ecn}", 4,
                                            "rate: 100Mbit, delay: 1ms, queue: 60p, mark: 20p", senders=2), out=ecn)
                flows = self.flows(run)
                self.assertEqual(sum(flow["retransmits"] for flow in flows), 0)
                self.assertEqual(run.report["drops"].get("queue-full", 0), 0)
                self.assertGreater(self.mbit(run), 90)
                self.assertLess(max(f["goodput_bps"] for f in flows), 1.5 * min(f["goodput_bps"] for f in flows))

    def test_without_marks_the_same_queue_overflows(self):
        run = self.run_lab(dumbbell("congestion: cubic", 4, "rate: 100Mbit, delay: 1ms, queue: 60p", senders=2))
        self.assertGreater(run.report["drops"].get("queue-full", 0), 0)
        self.assertGreater(sum(flow["retransmits"] for flow in self.flows(run)), 0)

    def test_red_marks_who_understands_it_and_drops_the_others(self):
        queue = "rate: 100Mbit, delay: 1ms, queue: 200p, red: {min: 10p, max: 60p, probability: 10%}"
        asking = self.run_lab(dumbbell("congestion: newreno, ecn: ask", 4, queue, senders=2), out="asking")
        self.assertEqual(asking.report["drops"].get("red", 0), 0)
        self.assertEqual(sum(flow["retransmits"] for flow in self.flows(asking)), 0)
        self.assertGreater(self.mbit(asking), 85)
        silent = self.run_lab(dumbbell("congestion: newreno, ecn: never", 4, queue, senders=2), out="silent")
        self.assertGreater(silent.report["drops"]["red"], 0)
        self.assertEqual(silent.report["drops"].get("queue-full", 0), 0)
        self.assertGreater(self.mbit(silent), 75)

    def test_two_flows_of_bbr_share_and_lose_nothing(self):
        """Each keeps up to twice its product under way: a queue of one product, 66 packets, is what both together need."""
        run = self.run_lab(dumbbell("congestion: bbr", 20, "rate: 20Mbit, delay: 20ms, queue: 200p", senders=2))
        rates = [flow["goodput_bps"] for flow in self.flows(run)]
        self.assertGreater(sum(rates), 18e6)
        self.assertLess(max(rates), 1.5 * min(rates))
        self.assertEqual(sum(flow["retransmits"] for flow in self.flows(run)), 0)

    def test_bbr_and_cubic_leave_each_other_a_share(self):
        lab_text = dumbbell("congestion: bbr", 30, "rate: 20Mbit, delay: 20ms, queue: 66p", senders=2)
        run = self.run_lab(lab_text.replace("s1: {run:", "s1: {tcp: {congestion: cubic}, run:"))
        rates = [flow["goodput_bps"] for flow in self.flows(run)]
        self.assertGreater(sum(rates), 18e6)
        self.assertGreater(min(rates), 0.25 * sum(rates))

    def test_bbr_keeps_a_marking_queue_short(self):
        run = self.run_lab(dumbbell("congestion: bbr, ecn: ask", 10, "rate: 50Mbit, delay: 20ms, queue: 500p, mark: 20p"))
        flow = self.flows(run)[0]
        self.assertGreater(flow["goodput_bps"], 40e6)
        self.assertEqual(flow["retransmits"], 0)
        self.assertLess(flow["srtt_s"], 0.050, "20 packets of 50 Mbit/s are 5 ms")

    def test_ecn_with_the_linux_kernel(self):
        self.with_the_kernel("ask")

    def test_who_asks_for_accurate_ecn_takes_what_the_kernel_has(self):
        self.with_the_kernel("ask_accurate")

    def with_the_kernel(self, mode):
        (self.folder / "down").write_bytes(bytes(SIZE))
        run = self.run_lab(kernel_lab(self.folder, mode), timeout=120)
        self.assertEqual(run.program("gets")["result"]["bytes"], SIZE)
        self.assertEqual(run.printed("kernel-gets").strip(), str(SIZE))
        text = lab.tshark(run.out / "h_gw.pcapng", "-Y", "tcp", "-T", "fields", "-E", "separator=/t", "-e", "ip.src",
                          "-e", "ip.dst", "-e", "tcp.flags", "-e", "ip.dsfield.ecn", "-e", "tcp.len", "-e", "tcp.srcport")
        frames = [(src, int(flags, 16), int(ecn), int(length), int(port))
                  for src, _, flags, ecn, length, port in (line.split("\t") for line in text.splitlines())]
        for from_kernel in (True, False):  # who sends the file: port 80 does
            data = [f for f in frames if f[4] == 80 and f[3] > 0 and (f[0] == KERNEL) == from_kernel]
            self.assertGreater(len(data), SIZE // 1460)
            told = "kernel sends" if from_kernel else "Catenet sends"
            self.assertTrue(any(f[1] & CWR for f in data), told)
            sender = data[0][0]
            acks = [f for f in frames if f[0] != sender and f[4] != 80 and f[3] == 0]
            self.assertTrue(any(f[1] & ECE for f in acks if not f[1] & SYN), told)
            self.assertTrue(all(f[2] == 0 for f in acks if f[0] != KERNEL), "our bare ACKs are not markable")
            if from_kernel:  # seen behind the queue
                self.assertTrue(any(f[2] == 3 for f in data), told)
        for src, flags, ecn, _, _ in frames:
            if flags & SYN:
                self.assertEqual(flags & (ECE | CWR), ECE if flags & ACK else ECE | CWR, "each handshake negotiates")
                self.assertEqual(ecn if src != KERNEL else 0, 0)
                asks = mode == "ask_accurate" and src != KERNEL and not flags & ACK
                self.assertEqual(flags & AE, AE if asks else 0)
        self.assertEqual(sum(flow["retransmits"] for flow in run.report["flows"]), 0)


if __name__ == "__main__":
    lab.main()
