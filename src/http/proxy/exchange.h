// One forwarded call and its response, without sockets. Bodies pass through and are never stored.
// Each direction has one bounded buffer; when it is full, the gate stops reading from the sending
// side. http/server/session.h handles the client's connection, http/proxy/upstream_pool.h the
// upstream's.
//
// Chunks are decoded and encoded again in both directions, so that both sides agree on where a body
// ends. Trailers are dropped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/proxy/rewrite.h"
#include "http/wire/chunked.h"
#include "http/wire/request_head.h"
#include "http/wire/response_head.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

/// A bounded buffer for bytes on their way from one socket to another.
class Pipe {
public:
    [[nodiscard]] std::string_view bytes() const noexcept {
        return std::string_view(text_).substr(gone_);
    }
    [[nodiscard]] bool empty() const noexcept { return gone_ == text_.size(); }
    [[nodiscard]] std::size_t room() const noexcept;
    /// Returns the text to append to. It may exceed the bound by one head, which is bounded
    /// elsewhere.
    [[nodiscard]] std::string& text();
    void consume(std::size_t bytes) noexcept;  ///< keeps the memory while it is small

private:
    std::string text_;
    std::size_t gone_ = 0;
};

/// Threads: one at a time, also for its ForwardedCall, which says what another thread may use.
class Exchange {
public:
    /// `after` says what becomes of the client's connection if all goes well. `ending` outlives the
    /// exchange. A response that begins after `ending` was set is the last on its connection.
    Exchange(std::shared_ptr<ForwardedCall> forwarded_call, After after,
             const std::atomic<bool>& ending);

    [[nodiscard]] const std::shared_ptr<ForwardedCall>& forwarded_call() const noexcept {
        return forwarded_call_;
    }

    // --- the API's side

    [[nodiscard]] std::string_view to_upstream() const noexcept;
    void sent_upstream(std::size_t bytes) noexcept;
    /// Returns true if the write half of the API's connection must be closed: the client has ended
    /// its side of a tunnel.
    [[nodiscard]] bool closes_upstream() const noexcept {
        return tunnel_ && client_ended_ && to_upstream_.empty();
    }
    /// Returns how many bytes from_upstream() takes; 0 until the client has taken some.
    [[nodiscard]] std::size_t upstream_space() const noexcept;
    void from_upstream(std::string_view bytes);  ///< REQUIRES: bytes.size() <= upstream_space()
    void upstream_ended();                       ///< the API sends no more
    /// Ends the exchange. The client gets `answer` if the API's response has not begun; otherwise
    /// its connection is cut.
    void fail(Response answer) noexcept;

    /// Returns true if no final response has begun and the call may be sent again on another
    /// connection. `dead`: this connection had been used before, and ended.
    [[nodiscard]] bool may_start_over(bool dead) const noexcept;
    void start_over() noexcept;  ///< REQUIRES: may_start_over()

    /// Returns true if the API's connection can be used for another call. REQUIRES: answered().
    [[nodiscard]] bool keeps_upstream() const noexcept {
        return whole_ && sent_all() && answer_keeps_ && !tunnel_;
    }

    // --- the caller's side

    /// Takes as much of the body, or of the tunnel's bytes, as fits. Returns how many bytes it
    /// took.
    [[nodiscard]] std::size_t take(std::string_view bytes);
    /// Returns true if the end of the client's body was seen, or there is no body.
    [[nodiscard]] bool body_taken() const noexcept { return body_taken_; }
    /// Must be called about once a second, with the time since the last call. Returns true if the
    /// body arrives too slowly (limits::body_bytes_per_s_min, limits::body_pause_ms). Time counts
    /// only while the exchange waits for the client alone, not for the API to read. It does not
    /// count once the API's response has begun.
    [[nodiscard]] bool is_body_too_slow(std::int64_t passed_ms) noexcept;
    void client_ended();  ///< the client sends no more, and all that it sent was taken
    [[nodiscard]] std::string_view to_client() const noexcept { return to_client_.bytes(); }
    void sent_client(std::size_t bytes) noexcept { to_client_.consume(bytes); }

    // --- how it goes

    /// Returns true once the head of the API's response has come.
    [[nodiscard]] bool answering() const noexcept { return answering_; }
    /// Returns true once any byte has come from the API, even of an interim response.
    [[nodiscard]] bool heard() const noexcept { return heard_; }
    /// Returns true if the response can have no body: to HEAD, or with status 204 or 304. An API
    /// that sends a body all the same leaves it on the connection.
    [[nodiscard]] bool bodiless() const noexcept { return bodiless_; }
    /// Returns true while the exchange waits for the client: for more of its body, or for it to
    /// read.
    [[nodiscard]] bool waits_for_client() const noexcept {
        return !to_client_.empty() || (to_upstream_.empty() && !sent_all() && !tunnel_);
    }
    /// Returns true once the whole response has been sent to the client.
    [[nodiscard]] bool answered() const noexcept { return whole_ && to_client_.empty(); }
    /// Returns whether the client's connection can take another request. REQUIRES: answered().
    [[nodiscard]] After after() const noexcept;
    /// Returns the response to send after to_client() if the exchange failed before the API's
    /// response began. Null otherwise.
    [[nodiscard]] const Response* instead() const noexcept {
        return failure_ && !answering_ ? &*failure_ : nullptr;
    }
    /// Returns true if the exchange failed within the response. The client's connection must be cut
    /// then, so that the client does not mistake a part for the whole.
    [[nodiscard]] bool broken() const noexcept { return failure_ && answering_; }
    /// Returns true if the API caused the failure.
    [[nodiscard]] bool broke() const noexcept { return !broke_by_.empty(); }
    /// Returns what was wrong with the API's response: the bound that it exceeded, or what was
    /// unreadable. "" if the API did not cause the failure.
    [[nodiscard]] const std::string& broke_by() const noexcept { return broke_by_; }
    [[nodiscard]] bool over() const noexcept { return failure_ || answered(); }

private:
    /// Returns true if the whole call has been sent to the API.
    [[nodiscard]] bool sent_all() const noexcept {
        return body_taken_ && to_upstream_.empty() && head_sent_ == forwarded_call_->head.size();
    }
    void take_chunks(std::string_view& bytes);
    void read_head(std::string_view& bytes);
    void begin(const ResponseHead& head);
    void read_body(std::string_view& bytes);
    void say(std::string_view body);
    void end_answer();
    void break_off(std::string by);
    [[nodiscard]] std::string ended_within() const;

    const std::shared_ptr<ForwardedCall> forwarded_call_;
    After wished_;
    const std::atomic<bool>& ending_;

    Pipe to_upstream_;  // after the head
    std::size_t head_sent_ = 0;
    std::uint64_t body_left_ = 0;  // RequestHead::Body::length
    std::optional<ChunkedBody> request_chunks_;
    bool body_taken_ = true;  // the end of the client's body was seen
    bool client_ended_ = false;
    std::int64_t ahead_bytes_;  // how far the body is ahead of the minimum rate

    Pipe to_client_;
    std::string head_;  // of the response, as far as it has come; empty if it arrives in one piece
    HeadScanner scanner_{answer_bounds};
    ResponseHead::Body answer_body_ = ResponseHead::Body::none;
    std::uint64_t answer_left_ = 0;  // ResponseHead::Body::length
    std::optional<ChunkedBody> answer_chunks_;
    Framing framing_ = Framing::as_it_is;
    bool answering_ = false;
    bool heard_ = false;
    bool bodiless_ = false;
    bool answer_keeps_ = false;
    bool whole_ = false;  // the end of the response was seen
    bool tunnel_ = false;
    std::string broke_by_;
    std::optional<Response> failure_;
};

}  // namespace hourgate::http
