// The bytes of one connection: requests in and answers out, each within its bounds and its time.
// Knows neither routes nor seats; does not own the socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/head.h"

namespace hourgate::http {

class Connection {
public:
    explicit Connection(int socket);
    ~Connection();  ///< overwrites what was read; the socket stays open
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Waits for the first byte of a request. False when none came in time or the peer is gone.
    [[nodiscard]] bool wait(std::int64_t timeout_ms);

    enum class Outcome : std::uint8_t {
        ok,
        gone,       ///< the peer closed, or was cut
        late,       ///< over limits::read_timeout_ms for the whole head, or the whole body
        refused,    ///< head: see its flaw; body: malformed
        too_large,  ///< body only
    };

    /// Reads one head.
    [[nodiscard]] Outcome read_head(Head& head);
    /// Reads its body, whole, into head.request.body. Says "100 Continue" first to who waits for
    /// it. REQUIRES: head.body is not none.
    [[nodiscard]] Outcome read_body(Head& head, std::size_t bytes_max);
    /// False when the peer did not take it all within limits::write_timeout_ms.
    [[nodiscard]] bool send(std::string_view bytes);
    /// Says that no more comes, and reads over what the peer still sends for a short while: closing
    /// upon unread bytes would take the answer away from it (RFC 9112 section 9.6).
    void say_goodbye();

private:
    using Deadline = std::int64_t;  // milliseconds of the steady clock
    [[nodiscard]] Outcome receive(Deadline deadline);
    [[nodiscard]] Outcome read_sized(Head& head, Deadline deadline);
    [[nodiscard]] Outcome read_chunked(Head& head, std::size_t bytes_max, Deadline deadline);
    [[nodiscard]] std::string_view unread() const noexcept { return {buffer_.data(), used_}; }
    void consume(std::size_t bytes) noexcept;

    const int socket_;
    std::vector<char> buffer_;  // of fixed size, so that no copy of a token stays behind
    std::size_t used_ = 0;
};

}  // namespace hourgate::http
