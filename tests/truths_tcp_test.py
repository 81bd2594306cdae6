#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Published figures of TCP that only a whole network shows. What one connection's machinery shows is beside its code;
docs/truths.md says where."""
import math

import lab

RENO = "congestion: newreno, timestamps: false, delayed_ack: 0ms"
HEADERS = 40  # of IPv4 and TCP without options


def path(name, seconds, tcp, link, seed=1):
    return "\n".join([
        f"lab: {name}", f"seed: {seed}", f"until: {seconds + 60}s", "capture: none",
        "defaults:", f"  host: {{tcp: {{{tcp}}}}}",
        "nodes:",
        "  r: {run: {run: bulk-server, name: serve}}",
        f"  s: {{run: {{run: bulk r time={seconds}s, after: serve}}}}",
        "links:", *[f"  - {ends}: {{{what}}}" for ends, what in link], ""])


class Window(lab.LabTest):
    """TCP-6: a window goes once in a round trip. 1%, with segments that are less than that of it: silly window
    avoidance leaves up to one unused."""

    def test_rate_is_window_over_round_trip(self):
        for delay_ms, expected in ((5, 52.43), (25, 10.49), (50, 5.24)):
            run = self.run_lab(path("window", 120, "window_scaling: false, receive_buffer: 64KiB, max_mss: 536",
                                    [("s -- r", f"rate: 100Gbit, delay: {delay_ms}ms")]))
            flow = next(flow for flow in run.report["flows"] if flow["node"] == "s")
            with self.subTest(delay_ms=delay_ms):
                self.assertAlmostEqual(flow["goodput_bps"] / 1e6, expected, delta=0.01 * expected)


class Mathis(lab.LabTest):
    """TCP-7: MSS/RTT sqrt(3/2) / sqrt(p), Reno, an acknowledgement for each segment, 100 ms, ten seeds. 15%."""

    def rate(self, loss, seconds, seed):
        run = self.run_lab(path("mathis", seconds, RENO, [
            ("s -- m", f"rate: 1Gbit, delay: 50ms, loss: {loss}, queue: 10000p"),
            ("m -- r", "rate: 1Gbit, delay: 1us")], seed).replace("nodes:", "nodes:\n  m: router"))
        flow = next(flow for flow in run.report["flows"] if flow["node"] == "s")
        return flow["goodput_bps"] / 1e6

    def check_mean(self, loss, seconds, expected):
        rates = [self.rate(loss, seconds, seed) for seed in range(1, 11)]
        mean = sum(rates) / len(rates)
        spread = math.sqrt(sum((rate - mean) ** 2 for rate in rates) / (len(rates) - 1))
        half = 2.26 * spread / math.sqrt(len(rates))  # Student's t, 95%, nine degrees of freedom
        told = f"{mean:.2f} +- {half:.2f} Mbit/s, expected {expected}"
        self.assertLess(mean - half, 1.15 * expected, told)
        self.assertGreater(mean + half, 0.85 * expected, told)

    def test_one_in_a_thousand(self):
        self.check_mean("0.1%", 200, 4.52)


class Buffer(lab.LabTest):
    """TCP-10: what a bottleneck's buffer, in parts of the bandwidth-delay product, lets one Reno flow use. 3%.
    With no buffer at all the second of two packets that a growing window sends together would always be lost."""

    def utilisation(self, packets):
        rate, round_trip, seconds = 10e6, 0.1, 300
        run = self.run_lab(path("buffer", seconds, RENO, [
            ("s -- m", "rate: 1Gbit, delay: 1us"),
            ("m -- r", f"rate: {rate / 1e6:g}Mbit, delay: {round_trip * 500:g}ms, queue: {packets}p")])
            .replace("nodes:", "nodes:\n  m: router"))
        flow = next(flow for flow in run.report["flows"] if flow["node"] == "s")
        wire = 1460 + HEADERS + 14 + 4 + 8 + 12  # Ethernet header, check sequence, preamble, gap
        return flow["goodput_bps"] / rate * wire / 1460

    def test_utilisation(self):
        product = 10e6 * 0.1 / 8 / 1538  # packets
        for part in (0, 0.25, 1):
            expected = 0.75 * (1 + part) ** 2 / (1 + part + part ** 2)
            with self.subTest(part=part):
                self.assertAlmostEqual(self.utilisation(max(2, round(part * product))), expected, delta=0.03)


class Bbr(lab.LabTest):
    """TCP-19: what BBR makes of 100 Mbit/s and 40 ms. Alone 98% of the link (ProbeRTT takes the rest), 5%. With a loss of 1%
    at random 90% where Reno has MSS/RTT sqrt(3/2p), 25%: that is the first version, which does not look at losses; the third
    (draft-ietf-ccwg-bbr-06 5.3.3.8.3) slows down with each between its probes, and still has many times what CUBIC has."""

    RATE = 100e6

    def run_path(self, tcp, loss, seconds=30, seed=1):
        run = self.run_lab(path("bbr", seconds, tcp, [
            ("s -- m", f"rate: 1Gbit, delay: 1us, loss: {loss}"),
            ("m -- r", f"rate: {self.RATE / 1e6:g}Mbit, delay: 20ms, queue: 1000p")], seed)
            .replace("nodes:", "nodes:\n  m: router"))
        return run, next(flow for flow in run.report["flows"] if flow["node"] == "s")

    def rate(self, tcp, loss, seeds=range(1, 4), seconds=30):
        """Over the whole time, for a sender that stalls at the end would not be seen otherwise."""
        return sum(self.run_path(tcp, loss, seconds, seed)[1]["bytes_acked"] * 8 / seconds for seed in seeds) / len(seeds)

    def test_alone(self):
        run, flow = self.run_path("congestion: bbr", "0%")
        used = flow["bytes_acked"] * 8 / 30 / self.RATE * 1538 / 1448  # timestamps; on the wire as above
        self.assertAlmostEqual(used, 0.98, delta=0.05)
        self.assertEqual(flow["retransmits"], 0)
        self.assertEqual(run.report["drops"].get("queue-full", 0), 0)

    def test_one_percent_of_loss(self):
        reno = self.rate(RENO, "1%")
        cubic = self.rate("congestion: cubic", "1%")
        bbr = self.rate("congestion: bbr", "1%")
        told = f"Reno {reno / 1e6:.2f}, CUBIC {cubic / 1e6:.2f}, BBR {bbr / 1e6:.2f} Mbit/s"
        self.assertAlmostEqual(reno / 1e6, 3.6, delta=0.25 * 3.6, msg=told)
        self.assertGreater(bbr, 0.75 * 0.90 * self.RATE, told)
        self.assertGreater(bbr, 8 * cubic, told)


if __name__ == "__main__":
    lab.main()
