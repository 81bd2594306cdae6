// SPDX-License-Identifier: Apache-2.0
// lwIP (Debian's liblwip) at the work of bench_tap: raw API, one thread, a TAP device without offloads (lwIP knows
// none), one system call a frame. It makes the TAP in the network namespace it is started in: run it under `unshare
// --user --map-root-user --net`.
//   lwip_tap KERNEL_TCP CPU in|out|rr|rr-sleeping SECONDS
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
extern "C" {
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
}

namespace {

constexpr u16_t kPort = 9;
constexpr double kWarmUp = 0.5;
netif interface;
int tap = -1;
char frame_bytes[2048];
char payload[1 << 17];
std::uint64_t received = 0;

void must(bool holds, const char* what) {
  if (!holds) {
    std::perror(what);
    std::exit(1);
  }
}

double seconds_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void make_tap() {
  tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  must(tap >= 0, "/dev/net/tun");
  ifreq request{};
  std::strcpy(request.ifr_name, "tap0");
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  must(ioctl(tap, TUNSETIFF, &request) == 0, "TUNSETIFF");
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  auto* address = reinterpret_cast<sockaddr_in*>(&request.ifr_addr);
  *address = {};
  address->sin_family = AF_INET;
  inet_pton(AF_INET, "10.0.0.1", &address->sin_addr);
  must(ioctl(fd, SIOCSIFADDR, &request) == 0, "SIOCSIFADDR");
  inet_pton(AF_INET, "255.255.255.0", &address->sin_addr);
  must(ioctl(fd, SIOCSIFNETMASK, &request) == 0, "SIOCSIFNETMASK");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  must(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "SIOCSIFFLAGS");
  close(fd);
  must(std::system("ip route change 10.0.0.0/24 dev tap0 congctl cubic") == 0, "ip route");
}

err_t send_frame(netif*, pbuf* frame) {
  const u16_t n = pbuf_copy_partial(frame, frame_bytes, sizeof frame_bytes, 0);
  (void)!write(tap, frame_bytes, n);
  return ERR_OK;
}

err_t start_interface(netif* n) {
  n->name[0] = 't';
  n->name[1] = '0';
  n->mtu = 1500;
  n->hwaddr_len = 6;
  const u8_t address[6] = {2, 0, 0, 0, 0, 2};
  std::memcpy(n->hwaddr, address, 6);
  n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP | NETIF_FLAG_ETHERNET;
  n->output = etharp_output;
  n->linkoutput = send_frame;
  return ERR_OK;
}

bool take_frame() {
  const ssize_t n = read(tap, frame_bytes, sizeof frame_bytes);
  if (n <= 0) {
    return false;
  }
  pbuf* frame = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(n), PBUF_RAM);
  if (frame != nullptr) {
    pbuf_take(frame, frame_bytes, static_cast<u16_t>(n));
    if (interface.input(frame, &interface) != ERR_OK) {
      pbuf_free(frame);
    }
  }
  return true;
}

void fill(tcp_pcb* pcb) {
  while (tcp_sndbuf(pcb) > 0) {
    const u16_t n = static_cast<u16_t>(tcp_sndbuf(pcb) < 16 * 1460 ? tcp_sndbuf(pcb) : 16 * 1460);
    if (tcp_write(pcb, payload, n, TCP_WRITE_FLAG_COPY) != ERR_OK) {
      break;
    }
  }
  tcp_output(pcb);
}

// The first byte says what the connection does, as in kernel_tcp.
err_t on_data(void* mode, tcp_pcb* pcb, pbuf* data, err_t) {
  if (data == nullptr) {
    return tcp_close(pcb);
  }
  tcp_recved(pcb, data->tot_len);
  const char first = static_cast<char*>(data->payload)[0];
  if (mode == nullptr) {
    static char mode_of_it;
    mode_of_it = first;
    tcp_arg(pcb, &mode_of_it);
    if (first == 's') {
      tcp_sent(pcb, [](void*, tcp_pcb* p, u16_t) -> err_t {
        fill(p);
        return ERR_OK;
      });
      fill(pcb);
    }
  } else if (*static_cast<char*>(mode) == 'e') {
    tcp_write(pcb, &first, 1, TCP_WRITE_FLAG_COPY);
    tcp_output(pcb);
  } else {
    received += data->tot_len;
  }
  pbuf_free(data);
  return ERR_OK;
}

void start() {
  lwip_init();
  ip4_addr_t address;
  ip4_addr_t mask;
  ip4_addr_t none;
  IP4_ADDR(&address, 10, 0, 0, 2);
  IP4_ADDR(&mask, 255, 255, 255, 0);
  IP4_ADDR(&none, 0, 0, 0, 0);
  must(netif_add(&interface, &address, &mask, &none, nullptr, start_interface, ethernet_input) != nullptr, "netif_add");
  netif_set_default(&interface);
  netif_set_up(&interface);
  tcp_pcb* pcb = tcp_new();
  must(pcb != nullptr && tcp_bind(pcb, IP_ADDR_ANY, kPort) == ERR_OK, "tcp_bind");
  pcb = tcp_listen(pcb);
  tcp_accept(pcb, [](void*, tcp_pcb* p, err_t) -> err_t {
    tcp_nagle_disable(p);
    tcp_arg(p, nullptr);
    tcp_recv(p, on_data);
    return ERR_OK;
  });
}

/// Runs until `seconds` have passed, or the client has ended (0).
void run(double seconds, bool spin, pid_t client) {
  const double end = seconds_now() + seconds;
  for (unsigned round = 0;; ++round) {
    int taken = 0;
    while (taken < 64 && take_frame()) {
      ++taken;
    }
    if (taken == 0 && !spin) {
      pollfd wait{tap, POLLIN, 0};
      poll(&wait, 1, 10);
    }
    if (taken > 0 && round % 16 != 0) {
      continue;
    }
    sys_check_timeouts();
    if (seconds > 0 ? seconds_now() >= end : round % 256 == 0 && waitpid(client, nullptr, WNOHANG) == client) {
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 5 ? argv[3] : "";
  const double seconds = argc == 5 ? std::atof(argv[4]) : 0;
  if (seconds <= 0) {
    std::fprintf(stderr, "usage: lwip_tap KERNEL_TCP CPU in|out|rr|rr-sleeping SECONDS\n");
    return 2;
  }
  make_tap();
  start();
  const pid_t client = fork();
  if (client == 0) {
    const char* verb = mode == "in" ? "send" : mode == "out" ? "receive" : "ask";
    const std::string long_enough = std::to_string(seconds + (mode == "in" ? 2 * kWarmUp : 0));
    execl(argv[1], argv[1], "--cpu", argv[2], verb, "10.0.0.2", "9", long_enough.c_str(), nullptr);
    _exit(127);
  }
  if (mode == "in") {
    run(kWarmUp, false, client);
    const std::uint64_t before = received;
    const double began = seconds_now();
    run(seconds, false, client);
    std::printf("{\"bench\":\"bulk from the other end\",\"unit\":\"bit/s\",\"value\":%.9g}\n",
                static_cast<double>(received - before) * 8 / (seconds_now() - began));
    kill(client, SIGKILL);  // it would wait for an answer
    return 0;
  }
  run(0, mode == "rr", client);
  return 0;
}
