// SPDX-License-Identifier: Apache-2.0
// The system calls of a script on the sockets of the host. A call is attempted; one that would block on a blocking
// socket is attempted again whenever something has happened, with its Progress. What our sockets do not have is
// answered with its name, so that the script is skipped, never passed by mistake.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catenet/packetdrill/epoll_set.h"
#include "catenet/packetdrill/script.h"
#include "catenet/packetdrill/settings.h"
#include "catenet/socket/socket_table.h"

namespace catenet::packetdrill {

struct Answer {
  enum class Kind : std::uint8_t {
    returned,
    blocks,
    unsupported,  ///< `text` says what
    differs,      ///< an output argument is not as the script says; `text` says how
  };
  Kind kind = Kind::returned;
  std::int64_t value = 0;
  int error = 0;  ///< errno; `value` is then -1
  std::string text;
};

/// What a blocking call has done so far.
struct Progress {
  std::size_t done = 0;
  Instant deadline = Instant::never();
  bool begun = false;
  bool opening = false;                    ///< the handshake that it began has not ended
  std::optional<wire::FourTuple> closing;  ///< close() waits for this connection
};

class Calls {
 public:
  static constexpr std::uint16_t kPort = 8080;  ///< for "..." as the address of bind, connect and sendto
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

  /// Both outlive it.
  Calls(socket::SocketTable& table, const Addresses& addresses) : table_(table), addresses_(addresses) {}

  [[nodiscard]] Answer attempt(const CallEvent& call, Progress& progress);

  /// The descriptor that a script's number stands for; -1: none.
  [[nodiscard]] int live(std::int64_t script_fd) const;
  /// Bytes other than zero have been written.
  [[nodiscard]] bool wrote_text() const { return wrote_text_; }
  /// The last descriptor made, by socket() or accept().
  [[nodiscard]] int newest() const { return newest_; }
  [[nodiscard]] socket::SocketTable& table() { return table_; }
  /// Of the times that the error queue tells.
  void set_tolerance(Duration tolerance) { tolerance_ = tolerance; }
  /// A file of zeroes, for open() and sendfile().
  void make_file(const std::string& path, std::size_t bytes);
  /// The script has closed the socket of this connection.
  [[nodiscard]] bool was_closed(const wire::FourTuple& tuple) const;
  /// Send buffers are as large as Linux makes them: twice what a program asks for.
  void set_linux(bool on) { linux_ = on; }
  [[nodiscard]] bool is_linux() const { return linux_; }
  /// Buffer sizes are told as FreeBSD tells them.
  void set_freebsd(bool on) { freebsd_ = on; }
  [[nodiscard]] bool freebsd() const { return freebsd_; }
  /// After everything that happens: sends what is owed, notes what epoll reports as an edge (calls_epoll.cc).
  void look();

 private:
  struct Open {
    int fd = -1;
    bool stream = false;
    bool non_blocking = false;
    bool tells_queue = false;      ///< TCP_INQ
    std::int64_t send_buffer = 0;  ///< as the script set it; 0: not set
    std::int64_t receive_buffer = 0;
    bool fast_open = false;  ///< FreeBSD: a sendto() opens
    std::size_t owed = 0;    ///< bytes that it took and the handshake's end lets go
  };
  struct OpenFile {
    std::size_t size = 0;
    std::size_t at = 0;
  };
  static constexpr std::int64_t kFirstEpoll = 1000;
  using Handler = Answer (Calls::*)(const CallEvent& call, Progress& progress);
  struct Row {
    std::string_view name;
    Handler handler;
  };
  [[nodiscard]] static std::span<const Row> rows();

  Answer do_socket(const CallEvent& call, Progress& progress);
  Answer do_bind(const CallEvent& call, Progress& progress);
  Answer do_listen(const CallEvent& call, Progress& progress);
  Answer do_accept(const CallEvent& call, Progress& progress);
  Answer do_connect(const CallEvent& call, Progress& progress);
  Answer do_read(const CallEvent& call, Progress& progress);
  Answer do_write(const CallEvent& call, Progress& progress);
  Answer do_close(const CallEvent& call, Progress& progress);
  [[nodiscard]] Answer wait_for_end(const Progress& progress) const;
  Answer do_shutdown(const CallEvent& call, Progress& progress);
  Answer do_fcntl(const CallEvent& call, Progress& progress);
  Answer do_ioctl(const CallEvent& call, Progress& progress);
  Answer do_poll(const CallEvent& call, Progress& progress);
  Answer do_names(const CallEvent& call, Progress& progress);
  // calls_notices.cc
  Answer do_open(const CallEvent& call, Progress& progress);
  Answer do_sendfile(const CallEvent& call, Progress& progress);
  Answer read_error_queue(const CallEvent& call, const Open& open);
  /// Nothing: not stamps that we have.
  std::optional<Answer> set_stamps(const Open& open, std::int64_t wanted);
  // calls_epoll.cc
  Answer do_epoll_create(const CallEvent& call, Progress& progress);
  Answer do_epoll_ctl(const CallEvent& call, Progress& progress);
  Answer do_epoll_wait(const CallEvent& call, Progress& progress);
  // call_options.cc
  Answer do_setsockopt(const CallEvent& call, Progress& progress);
  std::optional<Answer> set_special(Open& open, std::int64_t level, std::int64_t name, const CallEvent& call);
  std::optional<std::int64_t> get_special(const Open& open, std::int64_t level, std::int64_t name) const;
  Answer do_getsockopt(const CallEvent& call, Progress& progress);

  /// The number of an argument; notes what is not understood.
  std::int64_t number(const CallEvent& call, std::size_t index);
  std::int64_t number(const Expr& expression);
  /// The bytes that the iovecs or the message of `e` hold together.
  std::size_t vector_bytes(const Expr& e);
  Open* descriptor(const CallEvent& call);
  /// What "..." stands for is `implied`, of the wire.
  Result<wire::Endpoint> address(const Expr& e, const wire::IpAddress& implied);
  [[nodiscard]] bool is_ipv6() const { return addresses_.socket_family() == wire::Family::kV6; }
  Answer would_block(const Open& open, int error) const;
  Answer check_control(const CallEvent& call, const Open& open);
  Answer place(const CallEvent& call, int fd, bool stream, bool non_blocking);
  Answer check_address(const Expr& expected, const wire::Endpoint& got);
  Answer send_opening(Open& open, std::size_t bytes, bool waits, const wire::Endpoint* to, Progress& progress);
  /// FreeBSD: a sendto() that opens waits for nothing.
  Answer send_unopened(Open& open, std::size_t bytes, const wire::Endpoint& to);
  void pay_owed();
  Result<std::optional<wire::Endpoint>> destination_of(const CallEvent& call);
  Answer send(Open& open, std::size_t bytes, std::int64_t flags, const wire::Endpoint* to, Progress& progress);
  std::span<const std::byte> zeroes(std::size_t bytes);

  socket::SocketTable& table_;
  const Addresses& addresses_;
  std::map<std::int64_t, Open> open_;
  std::map<std::int64_t, EpollSet> epolls_;
  std::string unknown_;  // of the call at hand: what was not understood
  std::vector<std::byte> buffer_;
  int newest_ = -1;
  bool wrote_text_ = false;
  bool freebsd_ = false;
  bool linux_ = false;
  Duration tolerance_ = Duration::milliseconds(4);
  std::map<std::string, std::size_t> files_;
  std::map<std::int64_t, OpenFile> open_files_;
  std::vector<wire::FourTuple> closed_;
};

}  // namespace catenet::packetdrill
