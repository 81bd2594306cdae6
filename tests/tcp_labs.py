# SPDX-License-Identifier: Apache-2.0
"""Labs full of TCP transfers over bad links, and the judgement of what arrived. Used by the tests of TCP against itself
and against the Linux kernel.

A lab has one hub node ("hub") and `count` Catenet hosts h0, h1, ..., each with a link of its own. Link i loses
30 % * i / (count - 1) of its frames; every link also delivers 10 % late, 10 % twice and 1 % altered behind the back of
the frame check sequence, so that only the checksums of IP and TCP can tell.
"""
import random

MOST_LOSS = 30  # percent
BAD = "reorder: 10% by 3ms, duplicate: 10%, corrupt: 1%"


def losses(count):
    return [MOST_LOSS * i / (count - 1) for i in range(count)]


def links(count, delay="1ms"):
    return [f"  - hub -- h{i}: {{rate: 20Mbit, delay: {delay}, loss: {loss:.3f}%, {BAD}}}"
            for i, loss in enumerate(losses(count))]


def hub_address(i):
    """The hub's end of link i; the name "hub" means the first of its addresses, which the others cannot reach."""
    return f"10.0.{i}.1"


def host_address(i):
    return f"10.0.{i}.2"


def host_mac(i):
    """The hub is node 1."""
    return f"02:00:00:{i + 2:02x}:00:00"


def sizes(seed, count, least, most):
    """Bodies of odd sizes: whole segments are the exception."""
    generator = random.Random(seed)
    return [generator.randrange(least, most) for _ in range(count)]


def assemble(name, seed, until, nodes, count, captured=()):
    capture = ["capture:", *[f"  - {interface}" for interface in captured]] if captured else ["capture: none"]
    return "\n".join([f"lab: {name}", f"seed: {seed}", f"until: {until}", *capture, "nodes:", *nodes, "links:",
                      *links(count), ""])
