#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Catenet as a library of other people's programs: installed into an empty folder, found there by CMake and by
pkg-config, and the examples that were built so against the Linux kernel over TUN devices.

The programs run in namespaces of their own, so no root is needed. This file is also what runs inside them: see main().
"""
import contextlib
import hashlib
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import lab

EXAMPLES = lab.ROOT / "examples" / "embed"
CXX = os.environ.get("CATENET_CXX", "c++")
CXX_FLAGS = os.environ.get("CATENET_CXX_FLAGS", "")
BUILD = os.environ.get("CATENET_BUILD_DIR", str(lab.ROOT / "build" / "release"))
SERVER, SERVER6 = "198.51.100.7", "2001:db8:7::7"
WEB, CLOSED, ECHO = 8080, 8081, 5353
PATIENCE_S = 120


def run(*command, **how):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=lab.PATIENCE_S, check=False, **how)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


@contextlib.contextmanager
def started(*command, **how):
    """A program that has said "ready"."""
    program = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                               **how)
    try:
        line = program.stdout.readline()
        if line != "ready\n":
            raise AssertionError(f"{command} says {line!r}")
        yield program
        if program.poll() is not None:
            raise AssertionError(f"{command} has ended: {program.returncode}")
    finally:
        program.kill()
        program.wait()


class Embed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="catenet-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.prefix = cls.folder / "usr"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix, "--component", "embed")
        # The sources too are elsewhere: nothing can come from the repository.
        shutil.copytree(EXAMPLES, cls.folder / "mine")
        run("cmake", "-S", cls.folder / "mine", "-B", cls.folder / "build", f"-DCMAKE_PREFIX_PATH={cls.prefix}",
            f"-DCMAKE_CXX_COMPILER={CXX}", f"-DCMAKE_CXX_FLAGS={CXX_FLAGS}")
        run("cmake", "--build", cls.folder / "build")

    def inside(self, what, *arguments):
        """Runs a part of this file in a new user and network namespace."""
        unshare = ["unshare", "--user", "--map-root-user", "--net"]
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            raise unittest.SkipTest("/dev/net/tun is not there, or not for this user")
        if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            raise unittest.SkipTest("the machine does not allow user namespaces")
        self.assertIn("fine", run(*unshare, sys.executable, __file__, what, *arguments))

    def test_the_program_is_installed(self):
        run("cmake", "--install", BUILD, "--prefix", self.prefix, "--component", "program")
        self.assertIn("catenet", run(self.prefix / "bin" / "catenet", "--version"))

    def test_no_other_library_is_needed(self):
        targets = "".join(path.read_text() for path in (self.prefix / "lib").rglob("*.cmake"))
        self.assertIn("catenet::embed", targets)
        for other in ("Boost", "fmt", "OpenSSL", "yaml", "nlohmann", str(lab.ROOT)):
            self.assertNotIn(other, targets)

    def test_an_echo_server_found_by_cmake(self):
        self.inside("--host", self.folder / "build" / "host")

    def test_an_echo_server_found_by_pkg_config(self):
        if not shutil.which("pkg-config"):
            raise unittest.SkipTest("pkg-config is not installed")
        pc = next(self.prefix.rglob("catenet.pc"))
        flags = run("pkg-config", "--cflags", "--libs", "catenet", env={**os.environ, "PKG_CONFIG_PATH": str(pc.parent)})
        program = self.folder / "host-by-pkg-config"
        run(CXX, "-std=c++23", *CXX_FLAGS.split(), "-o", program, self.folder / "mine" / "host.cc", *flags.split())
        self.inside("--host", program)

    def test_a_forwarder_for_every_address_and_port(self):
        if not shutil.which("curl"):
            raise unittest.SkipTest("curl is not installed")
        self.inside("--forwarder", self.folder / "build" / "forwarder", self.folder)

    def test_the_library_alone_needs_no_other_package(self):
        """What an embedder builds: no find_package() of anything."""
        out = run("cmake", "-S", lab.ROOT, "-B", self.folder / "only", "-DCATENET_EMBED_ONLY=ON",
                  f"-DCMAKE_CXX_COMPILER={CXX}", "--trace")
        found = {line.split("find_package(")[1].split()[0].rstrip(" )") for line in out.splitlines()
                 if "find_package(" in line and str(lab.ROOT) in line.split("find_package(")[0]}
        self.assertEqual(found, set())

    def test_it_can_be_a_part_of_another_project(self):
        """Configures and generates, which needs the target; building it is what the other tests have done."""
        whole = self.folder / "whole"
        whole.mkdir()
        (whole / "CMakeLists.txt").write_text(
            f"""cmake_minimum_required(VERSION 3.25)
project(mine LANGUAGES CXX)
set(CATENET_EMBED_ONLY ON)
add_subdirectory({lab.ROOT} catenet)
add_executable(host {EXAMPLES}/host.cc)
target_link_libraries(host PRIVATE catenet::embed)
""")
        run("cmake", "-S", whole, "-B", whole / "build", "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={CXX}")
        self.assertIn("libcatenet_embed.a", run("ninja", "-C", whole / "build", "-t", "query", "host"))


# ---- what runs inside a namespace -----------------------------------------------------------------------------------

def bring_up(device, address):
    run("ip", "address", "add", address, "dev", device)
    run("ip", "link", "set", device, "up")


def bring_up_ipv6(device, address):
    """False: the kernel has none."""
    if not os.path.exists("/proc/net/if_inet6"):
        return False
    run("ip", "address", "add", address, "dev", device, "nodad")
    return True


def echo_once(size, seed, server="10.1.0.2"):
    """Sends and receives at once; the stream must come back, and its end."""
    data = random.Random(seed).randbytes(size)
    with socket.create_connection((server, 7), timeout=PATIENCE_S) as peer:
        def send():
            peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        back = bytearray()
        while block := peer.recv(65536):
            back += block
        sender.join()
    if bytes(back) != data:
        raise AssertionError(f"{size} bytes sent, {len(back)} came back")


def inside_host(program):
    with started(program, "tun0"):
        bring_up("tun0", "10.1.0.1/24")
        run("ping", "-c", "3", "-i", "0.2", "-W", "5", "10.1.0.2")
        for size in (1, 1460, 100_000, 3_000_000):
            echo_once(size, size)
        if bring_up_ipv6("tun0", "2001:db8::1/64"):
            run("ping", "-c", "3", "-i", "0.2", "-W", "5", "2001:db8::2")
            echo_once(3_000_000, 6, "2001:db8::2")
        threads = [threading.Thread(target=echo_once, args=(50_000, i)) for i in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with socket.socket() as peer:
            try:
                peer.connect(("10.1.0.2", 8))
                raise AssertionError("a port that nobody listens on")
            except ConnectionRefusedError:
                pass


def answer_datagrams(server):
    while True:
        data, peer = server.recvfrom(2048)
        server.sendto(data.upper(), peer)


def inside_forwarder(program, folder):
    """The outer world: a web server and an echo server. Behind the forwarder, another namespace: inside_client()."""
    www = pathlib.Path(folder) / "www"
    www.mkdir()
    digests = []
    for i, size in enumerate((0, 1, 10_000, 4_000_000)):
        data = random.Random(size).randbytes(size)
        (www / f"file{i}").write_bytes(data)
        digests.append(hashlib.sha256(data).hexdigest())
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", f"{SERVER}/32", "dev", "lo")
    servers = [(socket.AF_INET, SERVER)]
    if bring_up_ipv6("lo", f"{SERVER6}/128"):
        servers.append((socket.AF_INET6, SERVER6))
    for family, address in servers:
        echo = socket.socket(family, socket.SOCK_DGRAM)
        echo.bind((address, ECHO))
        threading.Thread(target=answer_datagrams, args=(echo,), daemon=True).start()
    web = subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "::" if len(servers) > 1 else SERVER, "--directory", str(www), str(WEB)],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ours, theirs = socket.socketpair()
    client = subprocess.Popen(["unshare", "--net", sys.executable, __file__, "--client", str(theirs.fileno()), *digests],
                              pass_fds=[theirs.fileno()])
    try:
        theirs.close()
        wait_for_port(SERVER, WEB)
        ours.settimeout(PATIENCE_S)
        _, descriptors, _, _ = socket.recv_fds(ours, 16, 1)
        with started(program, str(descriptors[0]), pass_fds=descriptors):
            ours.sendall(b"go")
            if client.wait(timeout=PATIENCE_S) != 0:
                raise AssertionError("the client behind the forwarder has failed")
    finally:
        client.kill()
        web.kill()
        web.wait()


def wait_for_port(address, port):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nobody listens on {address}:{port}")


def open_tun(name):
    """As examples/embed/tun.h: TUNSETIFF with IFF_TUN | IFF_NO_PI."""
    import fcntl
    import struct
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001))
    return descriptor


def inside_client(channel, *digests):
    """A namespace whose only way out is the TUN device; what is at its other end, the forwarder does."""
    tun = open_tun("tun0")
    bring_up("tun0", "10.9.0.1/24")
    run("ip", "route", "add", "default", "dev", "tun0")
    servers = [SERVER]
    if bring_up_ipv6("tun0", "2001:db8:9::1/64"):
        run("ip", "-6", "route", "add", "default", "dev", "tun0")
        servers.append(SERVER6)
    with socket.socket(fileno=int(channel)) as outside:
        socket.send_fds(outside, [b"tun"], [tun])
        if outside.recv(2) != b"go":
            raise AssertionError("no forwarder")
    for server in servers:
        browse(server, digests)


def browse(server, digests):
    web = f"http://[{server}]" if ":" in server else f"http://{server}"
    curl = ["curl", "-sS", "--max-time", str(PATIENCE_S)]
    for i, digest in enumerate(digests):
        got = subprocess.run([*curl, f"{web}:{WEB}/file{i}"], stdout=subprocess.PIPE, check=True).stdout
        if hashlib.sha256(got).hexdigest() != digest:
            raise AssertionError(f"file {i} came as {len(got)} other bytes")
    several = [subprocess.Popen([*curl, f"{web}:{WEB}/file2"], stdout=subprocess.PIPE) for _ in range(8)]
    for one in several:
        if hashlib.sha256(one.communicate()[0]).hexdigest() != digests[2]:
            raise AssertionError("several at once")
    refused = subprocess.run([*curl, f"{web}:{CLOSED}/"], stderr=subprocess.DEVNULL, check=False).returncode
    if refused not in (7, 52, 56):  # refused, or ended before an answer
        raise AssertionError(f"a closed port: curl's exit code is {refused}")
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as question:
        question.settimeout(PATIENCE_S)
        question.connect((server, ECHO))
        for text in (b"who is there?", b"x" * 1400):
            question.send(text)
            if question.recv(2048) != text.upper():
                raise AssertionError("another answer than the world's")


def main():
    parts = {"--host": inside_host, "--forwarder": inside_forwarder, "--client": inside_client}
    if len(sys.argv) > 1 and sys.argv[1] in parts:
        parts[sys.argv[1]](*sys.argv[2:])
        print("fine")
    else:
        lab.main()


if __name__ == "__main__":
    main()
