// SPDX-License-Identifier: Apache-2.0
// lwIP (Debian's liblwip) at the work of bench_transport: TCP in memory, raw API, one thread, both ends on one core.
// Two Ethernet interfaces of one lwIP instance, joined by a queue that copies each frame once, as a device would; ARP,
// IPv4 and TCP checksums are made and verified by lwIP.
//   lwip_memory bulk|rr SECONDS | cycles|idle COUNT
#include <malloc.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>

#include "bench/harness.h"
extern "C" {
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
}

namespace {

using catenet::bench::cpu_seconds;
using catenet::bench::report;

constexpr u16_t kPort = 9;
constexpr u16_t kPiece = 16 * 1460;

struct Frame {
  pbuf* data;
  netif* to;
};
std::array<netif, 2> interfaces;
std::deque<Frame> wire;
char bytes[65536];
std::uint64_t received = 0;
std::uint64_t transactions = 0;
std::uint64_t established = 0;
std::uint64_t cycles_done = 0;
bool cycle_runs = false;

void must(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "lwip_memory: %s failed\n", what);
    std::exit(1);
  }
}

err_t send_frame(netif* from, pbuf* frame) {
  // PBUF_RAM: the pool of this Debian package hands out buffers that are too small for a full frame.
  pbuf* copy = pbuf_alloc(PBUF_RAW, frame->tot_len, PBUF_RAM);
  must(copy != nullptr, "memory");
  pbuf_copy(copy, frame);
  wire.push_back({copy, from == &interfaces[0] ? &interfaces[1] : &interfaces[0]});
  return ERR_OK;
}

err_t start_interface(netif* n) {
  const bool second = n == &interfaces[1];
  n->name[0] = 'm';
  n->name[1] = second ? '1' : '0';
  n->mtu = 1500;
  n->hwaddr_len = 6;
  const u8_t address[6] = {2, 0, 0, 0, 0, static_cast<u8_t>(second ? 2 : 1)};
  std::memcpy(n->hwaddr, address, 6);
  n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP | NETIF_FLAG_ETHERNET;
  n->output = etharp_output;
  n->linkoutput = send_frame;
  return ERR_OK;
}

void turn() {
  for (int i = 0; i < 256 && !wire.empty(); ++i) {
    const Frame frame = wire.front();
    wire.pop_front();
    if (frame.to->input(frame.data, frame.to) != ERR_OK) {
      pbuf_free(frame.data);
    }
  }
  sys_check_timeouts();
}

void start() {
  lwip_init();
  ip4_addr_t mask;
  ip4_addr_t none;
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&none, 0, 0, 0, 0);
  for (std::size_t i = 0; i < 2; ++i) {
    ip4_addr_t address;
    IP4_ADDR(&address, 10, 0, 0, static_cast<u8_t>(i + 1));
    must(netif_add(&interfaces[i], &address, &mask, &none, nullptr, start_interface, ethernet_input) != nullptr,
         "netif_add");
    netif_set_up(&interfaces[i]);
  }
}

tcp_pcb* listen(tcp_accept_fn on_accept) {
  tcp_pcb* pcb = tcp_new();
  must(pcb != nullptr && tcp_bind(pcb, IP_ADDR_ANY, kPort) == ERR_OK, "tcp_bind");
  tcp_bind_netif(pcb, &interfaces[1]);
  pcb = tcp_listen(pcb);
  tcp_accept(pcb, on_accept);
  return pcb;
}

tcp_pcb* dial(tcp_connected_fn on_connected) {
  tcp_pcb* pcb = tcp_new();
  must(pcb != nullptr, "tcp_new");
  tcp_bind_netif(pcb, &interfaces[0]);
  must(tcp_bind(pcb, &interfaces[0].ip_addr, 0) == ERR_OK, "tcp_bind");
  must(tcp_connect(pcb, &interfaces[1].ip_addr, kPort, on_connected) == ERR_OK, "tcp_connect");
  return pcb;
}

void write_byte(tcp_pcb* pcb) {
  tcp_write(pcb, "r", 1, TCP_WRITE_FLAG_COPY);
  tcp_output(pcb);
}

void fill(tcp_pcb* pcb) {
  for (u16_t room = tcp_sndbuf(pcb); room >= 1460; room = tcp_sndbuf(pcb)) {
    if (tcp_write(pcb, bytes, std::min(room, kPiece), TCP_WRITE_FLAG_COPY) != ERR_OK) {
      break;
    }
  }
  tcp_output(pcb);
}

err_t sink(void*, tcp_pcb* pcb, pbuf* data, err_t) {
  if (data == nullptr) {
    return tcp_close(pcb);
  }
  received += data->tot_len;
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  return ERR_OK;
}

/// Takes what came; false at the end of the stream.
bool take(tcp_pcb* pcb, pbuf* data) {
  if (data == nullptr) {
    return false;
  }
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  return true;
}

void bulk(double seconds) {
  listen([](void*, tcp_pcb* pcb, err_t) -> err_t {
    tcp_recv(pcb, sink);
    return ERR_OK;
  });
  dial([](void*, tcp_pcb* pcb, err_t) -> err_t {
    tcp_sent(pcb, [](void*, tcp_pcb* p, u16_t) -> err_t {
      fill(p);
      return ERR_OK;
    });
    fill(pcb);
    return ERR_OK;
  });
  const auto run = [](double span) {
    for (const double end = cpu_seconds() + span; cpu_seconds() < end;) {
      for (int i = 0; i < 64; ++i) {
        turn();
      }
    }
  };
  run(0.3);
  const std::uint64_t before = received;
  const double started = cpu_seconds();
  run(seconds);
  report("bulk in memory", "bit/s", static_cast<double>(received - before) * 8 / (cpu_seconds() - started));
}

void requests(double seconds) {
  listen([](void*, tcp_pcb* pcb, err_t) -> err_t {
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, [](void*, tcp_pcb* p, pbuf* data, err_t) -> err_t {
      if (take(p, data)) {
        write_byte(p);
      }
      return ERR_OK;
    });
    return ERR_OK;
  });
  dial([](void*, tcp_pcb* pcb, err_t) -> err_t {
    tcp_nagle_disable(pcb);
    tcp_recv(pcb, [](void*, tcp_pcb* p, pbuf* data, err_t) -> err_t {
      if (take(p, data)) {
        ++transactions;
        write_byte(p);
      }
      return ERR_OK;
    });
    write_byte(pcb);
    return ERR_OK;
  });
  const double started = cpu_seconds();
  while (cpu_seconds() - started < seconds) {
    for (int i = 0; i < 1000; ++i) {
      turn();
    }
  }
  report("one-byte transactions in memory", "1/s", static_cast<double>(transactions) / (cpu_seconds() - started));
}

void cycles(std::uint32_t count) {
  listen([](void*, tcp_pcb* pcb, err_t) -> err_t {
    tcp_recv(pcb, [](void*, tcp_pcb* p, pbuf* data, err_t) -> err_t {
      take(p, data);
      return tcp_close(p);
    });
    return ERR_OK;
  });
  const double started = cpu_seconds();
  for (std::uint32_t i = 0; i < count; ++i) {
    cycle_runs = true;
    dial([](void*, tcp_pcb* pcb, err_t) -> err_t {
      tcp_recv(pcb, [](void*, tcp_pcb* p, pbuf* data, err_t) -> err_t {
        if (!take(p, data)) {
          tcp_close(p);
          cycle_runs = false;
        }
        return ERR_OK;
      });
      write_byte(pcb);
      return ERR_OK;
    });
    while (cycle_runs) {
      turn();
    }
  }
  report("open and close in memory, the first " + std::to_string(count), "1/s", count / (cpu_seconds() - started));
}

void idle(std::uint32_t count) {
  listen([](void*, tcp_pcb* pcb, err_t) -> err_t {
    ++established;
    tcp_recv(pcb, sink);
    return ERR_OK;
  });
  const std::size_t before = mallinfo2().uordblks;
  for (std::uint32_t i = 0; i < count; ++i) {
    dial([](void*, tcp_pcb*, err_t) -> err_t { return ERR_OK; });
    while (established <= i) {
      turn();
    }
  }
  const std::size_t after = mallinfo2().uordblks;
  report("idle connection, one end", "bytes", static_cast<double>(after - before) / (2.0 * count));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  const double number = argc == 3 ? std::atof(argv[2]) : 0;
  if (number <= 0) {
    std::fprintf(stderr, "usage: lwip_memory bulk|rr SECONDS | cycles|idle COUNT\n");
    return 2;
  }
  std::srand(1);
  start();
  if (mode == "bulk") {
    bulk(number);
  } else if (mode == "rr") {
    requests(number);
  } else if (mode == "cycles") {
    cycles(static_cast<std::uint32_t>(number));
  } else {
    idle(static_cast<std::uint32_t>(number));
  }
}
