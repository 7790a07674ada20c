// One forwarded call and its response, without sockets. Bodies pass through and are never stored:
// each direction has one bounded buffer, and the side that is read from waits for the
// side that is written to. http/server/session.h handles the caller's side of the connection,
// http/proxy/upstream_pool.h the upstream's.
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

/// Bytes on their way from one socket to another.
class Pipe {
public:
    [[nodiscard]] std::string_view bytes() const noexcept {
        return std::string_view(text_).substr(gone_);
    }
    [[nodiscard]] bool empty() const noexcept { return gone_ == text_.size(); }
    [[nodiscard]] std::size_t room() const noexcept;
    /// What is appended here may go beyond the bound by a head: it was bounded elsewhere.
    [[nodiscard]] std::string& text();
    void consume(std::size_t bytes) noexcept;  ///< the memory is kept while it is small

private:
    std::string text_;
    std::size_t gone_ = 0;
};

/// Used by one thread at a time, its passage too but for the decision.
class Exchange {
public:
    /// `after`: what the caller's connection is for when all goes well. `ending` outlives it: once
    /// it is set, an answer that begins says that it is the connection's last.
    Exchange(std::shared_ptr<ForwardedCall> forwarded_call, After after,
             const std::atomic<bool>& ending);

    [[nodiscard]] const std::shared_ptr<ForwardedCall>& forwarded_call() const noexcept {
        return forwarded_call_;
    }

    // --- the API's side

    [[nodiscard]] std::string_view to_upstream() const noexcept;
    void sent_upstream(std::size_t bytes) noexcept;
    /// Whether the API's half of the connection is to be closed: a tunnel's caller has ended.
    [[nodiscard]] bool closes_upstream() const noexcept {
        return tunnel_ && client_ended_ && to_upstream_.empty();
    }
    /// How many bytes from_upstream() takes; 0: the caller has to take some first.
    [[nodiscard]] std::size_t upstream_space() const noexcept;
    void from_upstream(std::string_view bytes);  ///< REQUIRES: bytes.size() <= upstream_room()
    void upstream_ended();                       ///< it sends no more
    /// It cannot go on: `answer` is said if the API's has not begun, else the caller is cut off.
    void fail(Response answer) noexcept;

    /// Nothing of an answer has come, and what was sent may be sent once more on another
    /// connection. `dead`: the connection had been used before, and ended without a word.
    [[nodiscard]] bool may_start_over(bool dead) const noexcept;
    void start_over() noexcept;  ///< REQUIRES: may_start_over()

    /// Whether its connection can be used for another call. REQUIRES: answered().
    [[nodiscard]] bool keeps_upstream() const noexcept {
        return whole_ && sent_all() && answer_keeps_ && !tunnel_;
    }

    // --- the caller's side

    /// Takes what there is room for of the body, or of what goes through the tunnel; how much.
    [[nodiscard]] std::size_t take(std::string_view bytes);
    /// The end of the caller's body was seen, or there is none.
    [[nodiscard]] bool body_taken() const noexcept { return body_taken_; }
    /// Called about once a second: so much time has passed since then. Returns whether the body
    /// comes too slowly (limits::body_bytes_per_s_min, limits::body_pause_ms). Time counts only
    /// while the caller alone is waited for: not while the API takes its time to read, nor after
    /// its answer has begun.
    [[nodiscard]] bool is_body_too_slow(std::int64_t passed_ms) noexcept;
    void client_ended();  ///< it sends no more, and all it sent was taken
    [[nodiscard]] std::string_view to_client() const noexcept { return to_client_.bytes(); }
    void sent_client(std::size_t bytes) noexcept { to_client_.consume(bytes); }

    // --- how it goes

    /// The answer's head has come from the API.
    [[nodiscard]] bool answering() const noexcept { return answering_; }
    /// Anything has come from the API, an interim answer or a part of a head included.
    [[nodiscard]] bool heard() const noexcept { return heard_; }
    /// The answer has no body by rule: to HEAD, or 204 or 304. An API that sends one all the same
    /// leaves it on the connection.
    [[nodiscard]] bool bodiless() const noexcept { return bodiless_; }
    /// The caller is the one who is waited for: its body, or that it takes something.
    [[nodiscard]] bool waits_for_client() const noexcept {
        return !to_client_.empty() || (to_upstream_.empty() && !sent_all() && !tunnel_);
    }
    /// All of the answer is with the caller.
    [[nodiscard]] bool answered() const noexcept { return whole_ && to_client_.empty(); }
    /// The caller's connection can take another request. REQUIRES: answered().
    [[nodiscard]] After after() const noexcept;
    /// It failed before the API's answer began: this is to be said instead, after to_client().
    [[nodiscard]] const Response* instead() const noexcept {
        return failure_ && !answering_ ? &*failure_ : nullptr;
    }
    /// It failed in the middle: the caller's connection has to be cut, so that nobody takes a part
    /// for the whole.
    [[nodiscard]] bool broken() const noexcept { return failure_ && answering_; }
    /// The API is to blame for that.
    [[nodiscard]] bool broke() const noexcept { return !broke_by_.empty(); }
    /// By what: the bound that its answer went over, or what cannot be read of it.
    [[nodiscard]] const std::string& broke_by() const noexcept { return broke_by_; }
    [[nodiscard]] bool over() const noexcept { return failure_ || answered(); }

private:
    /// All that the API is to get has been sent.
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
    std::uint64_t body_left_ = 0;  // Head::Body::length
    std::optional<ChunkedBody> request_chunks_;
    bool body_taken_ = true;  // the end of the caller's body was seen
    bool client_ended_ = false;
    std::int64_t ahead_bytes_;  // of a body that comes at the least rate there is

    Pipe to_client_;
    std::string head_;  // of the answer, as far as it has come; empty when it comes as a whole
    HeadScanner scanner_{answer_bounds};
    ResponseHead::Body answer_body_ = ResponseHead::Body::none;
    std::uint64_t answer_left_ = 0;  // AnswerHead::Body::length
    std::optional<ChunkedBody> answer_chunks_;
    Framing framing_ = Framing::as_it_is;
    bool answering_ = false;
    bool heard_ = false;
    bool bodiless_ = false;
    bool answer_keeps_ = false;
    bool whole_ = false;  // the end of the answer was seen
    bool tunnel_ = false;
    std::string broke_by_;
    std::optional<Response> failure_;
};

}  // namespace hourgate::http
