// SPDX-License-Identifier: Apache-2.0
// SocketLayer: what a program inside a host sees of it. The non-blocking operations (those of SocketTable, told to an
// observer as they happen), names, and the programs themselves: coroutines (spawn.h) and fibres (fibre.h). All run in
// the host's time, on the scheduler's thread, one at a time.
//
// One SocketLayer per host, built on its Udp and Tcp. It allocates nothing until the first socket. When it dies, the
// host stops: descriptors vanish without a word, fibres are unwound, coroutines are destroyed where they wait.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "catenet/socket/name_table.h"
#include "catenet/socket/pcb_view.h"
#include "catenet/socket/socket_table.h"
#include "catenet/socket/types.h"

namespace catenet::socket {

class FibreRunner;
class Job;

class SocketLayer {
 public:
  struct Limits {
    std::size_t descriptors = 1024;
    std::size_t fibres = 256;               ///< alive at once
    std::size_t fibre_stack = 1024 * 1024;  ///< bytes of address space each; touched pages count
    std::size_t tasks = 100'000;            ///< spawned coroutines alive at once
  };
  using OnStep = Delegate<void(const Step& step)>;

  explicit SocketLayer(const Protocols& protocols);
  SocketLayer(const Protocols& protocols, const Limits& limits);
  ~SocketLayer();
  SocketLayer(const SocketLayer&) = delete;
  SocketLayer& operator=(const SocketLayer&) = delete;

  // The operations: meaning and errors as in socket_table.h.
  Result<int> socket(SocketType type, wire::Family family = wire::Family::kV4, std::uint16_t protocol = 0);
  Result<void> bind(int fd, const wire::Endpoint& local);
  Result<void> listen(int fd, int backlog = 128);
  Result<int> accept(int fd, wire::Endpoint* peer = nullptr);
  Result<void> connect(int fd, const wire::Endpoint& foreign);
  Result<void> disconnect(int fd);
  Result<std::size_t> send(int fd, std::span<const std::byte> bytes, const SendFlags& flags = {});
  Result<void> expect_send(int fd) { return table_.expect_send(fd); }
  Result<std::size_t> connect_with(int fd, const wire::Endpoint& foreign, std::span<const std::byte> bytes);
  Result<std::size_t> send_to(int fd, std::span<const std::byte> bytes, const wire::Endpoint& to);
  Result<std::size_t> send_segments(int fd, std::span<const std::byte> bytes, std::uint16_t segment_size,
                                    const wire::Endpoint* to = nullptr);
  Result<std::size_t> send_batch(int fd, std::span<const Outgoing> messages);
  Result<std::size_t> recv_batch(int fd, std::span<Incoming> messages);
  Result<std::size_t> recv(int fd, std::span<std::byte> out);
  Result<Received> recv_from(int fd, std::span<std::byte> out);
  Result<std::size_t> peek(int fd, std::span<std::byte> out);
  Result<Received> peek_from(int fd, std::span<std::byte> out);
  Result<ErrorRecord> recv_error(int fd);
  Result<void> shutdown(int fd, ShutdownHow how);
  Result<void> close(int fd);
  Result<void> bind_link(int fd, const link::LinkEndpoint& local);
  Result<std::size_t> send_link(int fd, std::span<const std::byte> bytes, const link::LinkEndpoint& to);
  // Not told: they change nothing that a table shows, or run too often.
  [[nodiscard]] Result<link::LinkEndpoint> link_name(int fd) const { return table_.link_name(fd); }
  Result<link::FramePcb::Statistics> take_statistics(int fd) { return table_.take_statistics(fd); }
  Result<void> send_packet(int fd, Packet payload, const wire::Endpoint* to = nullptr) {
    return table_.send_packet(fd, std::move(payload), to);
  }
  [[nodiscard]] Result<wire::Endpoint> getsockname(int fd) const { return table_.getsockname(fd); }
  [[nodiscard]] Result<wire::Endpoint> getpeername(int fd) const { return table_.getpeername(fd); }
  Result<void> set_option(int fd, const Option& option) { return table_.set_option(fd, option); }
  template <typename T>
  [[nodiscard]] Result<T> get_option(int fd) const {
    return table_.get_option<T>(fd);
  }
  Result<int> take_error(int fd) { return table_.take_error(fd); }
  [[nodiscard]] Result<unsigned> poll(int fd) const { return table_.poll(fd); }
  Result<void> watch(int fd, SocketTable::Watcher watcher) { return table_.watch(fd, watcher); }

  /// Names for this host; the table outlives it. Null: only addresses are understood.
  void set_names(const NameTable* names) { names_ = names; }
  [[nodiscard]] const NameTable* names() const { return names_; }
  /// The preferred address of a name, or an address written out. ENOENT.
  [[nodiscard]] Result<wire::IpAddress> resolve(std::string_view name) const;
  [[nodiscard]] Result<std::vector<wire::IpAddress>> resolve_all(std::string_view name) const;

  /// Called after each operation has returned, and when a program starts to wait in one. Null: nobody; then nothing is
  /// formatted.
  void set_on_step(OnStep on_step) { on_step_ = on_step; }
  void tell_waits(const Call& call) const;
  template <typename T>
  void tell(const Call& call, const Result<T>& result) const {
    if (on_step_) [[unlikely]] {
      tell_returned(call, result ? 0 : result.error().code, value_of(result));
    }
  }

  /// The host's control blocks now.
  [[nodiscard]] std::vector<PcbRow> pcb_table() const { return pcb_rows(table_); }

  [[nodiscard]] Instant now() const { return table_.node().now(); }
  [[nodiscard]] Node& node() const { return table_.node(); }
  [[nodiscard]] SocketTable& table() { return table_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  /// Programs on fibres; made when first asked for.
  [[nodiscard]] FibreRunner& fibres();
  [[nodiscard]] std::size_t running_tasks() const { return tasks_; }

 private:
  friend class Job;
  void tell_returned(const Call& call, int error, std::int64_t value) const;
  template <typename T>
  static std::int64_t value_of(const Result<T>& result) {
    if constexpr (std::is_integral_v<T>) {
      return result ? static_cast<std::int64_t>(*result) : -1;
    } else if constexpr (std::is_same_v<T, Received>) {
      return result ? static_cast<std::int64_t>(result->size) : -1;
    } else {
      return result ? 0 : -1;
    }
  }

  Limits limits_;
  SocketTable table_;
  const NameTable* names_ = nullptr;
  OnStep on_step_;
  std::size_t tasks_ = 0;
  IntrusiveList<Job, Job> jobs_;
  std::unique_ptr<FibreRunner> fibres_;
};

}  // namespace catenet::socket
