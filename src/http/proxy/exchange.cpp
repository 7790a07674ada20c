#include "http/proxy/exchange.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "http/decision/reply.h"
#include "http/decision/request_refusals.h"

namespace hourgate::http {

namespace {

constexpr std::size_t kept_bytes_max = 4'096;  // of memory, by an empty pipe
/// An upper bound on what surrounds the bytes of one step: the size of a chunk, three line ends and
/// the last chunk.
constexpr std::size_t around_bytes_max = 64;
/// How far a body is ahead at first, and at most. A client that pauses uses this up; a faster one
/// gets it back.
constexpr std::int64_t ahead_bytes_max =
    limits::body_bytes_per_s_min * limits::body_pause_ms / 1'000;
constexpr std::string_view last_chunk = "0\r\n\r\n";

void add_chunk(std::string& out, std::string_view bytes) {
    if (bytes.empty())
        return;  // an empty chunk would be the last
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16);
    out.append(digits.data(), end.ptr).append("\r\n").append(bytes).append("\r\n");
}

}  // namespace

// --- bytes on their way --------------------------------------------------------------------------

std::size_t Pipe::room() const noexcept {
    const std::size_t held = text_.size() - gone_;
    return held < limits::pipe_bytes_max ? limits::pipe_bytes_max - held : 0;
}

std::string& Pipe::text() {
    if (gone_ > text_.size() / 2) {
        text_.erase(0, gone_);
        gone_ = 0;
    }
    return text_;
}

void Pipe::consume(std::size_t bytes) noexcept {
    gone_ += bytes;
    if (gone_ < text_.size())
        return;
    gone_ = 0;
    text_.clear();
    if (text_.capacity() > kept_bytes_max)
        std::string().swap(text_);
}

// --- to the API ----------------------------------------------------------------------------------

Exchange::Exchange(std::shared_ptr<ForwardedCall> forwarded_call, After after,
                   const std::atomic<bool>& ending)
    : forwarded_call_(std::move(forwarded_call)),
      wished_(after),
      ending_(ending),
      body_left_(forwarded_call_->body_bytes),
      ahead_bytes_(ahead_bytes_max) {
    body_taken_ = forwarded_call_->body == RequestHead::Body::none;
    if (forwarded_call_->body == RequestHead::Body::chunked)
        request_chunks_.emplace(SIZE_MAX);
}

std::string_view Exchange::to_upstream() const noexcept {
    if (head_sent_ < forwarded_call_->head.size())
        return std::string_view(forwarded_call_->head).substr(head_sent_);
    return to_upstream_.bytes();
}

void Exchange::sent_upstream(std::size_t bytes) noexcept {
    if (head_sent_ < forwarded_call_->head.size())
        head_sent_ += bytes;
    else
        to_upstream_.consume(bytes);
}

bool Exchange::may_start_over(bool dead) const noexcept {
    if (answering_ || !head_.empty())
        return false;
    return head_sent_ == 0 || (dead && forwarded_call_->repeatable());
}

void Exchange::start_over() noexcept {
    head_sent_ = 0;
}

std::size_t Exchange::take(std::string_view bytes) {
    const std::size_t room = to_upstream_.room();
    if (bytes.empty() || room <= around_bytes_max || over())
        return 0;
    std::string_view some = bytes.substr(0, room - around_bytes_max);
    if (tunnel_) {
        to_upstream_.text().append(some);
        return some.size();
    }
    if (body_taken_)
        return 0;  // belongs to the next request
    std::size_t taken = 0;
    if (request_chunks_) {
        const std::size_t before = some.size();
        take_chunks(some);
        taken = before - some.size();
    } else {
        some = some.substr(0, body_left_);
        to_upstream_.text().append(some);
        taken = some.size();
        body_left_ -= taken;
        body_taken_ = body_left_ == 0;
    }
    ahead_bytes_ = std::min(ahead_bytes_max, ahead_bytes_ + static_cast<std::int64_t>(taken));
    return taken;
}

bool Exchange::is_body_too_slow(std::int64_t passed_ms) noexcept {
    if (body_taken_ || answering_ || tunnel_ || head_sent_ < forwarded_call_->head.size() ||
        !to_upstream_.empty())
        return false;
    ahead_bytes_ -= limits::body_bytes_per_s_min * passed_ms / 1'000;
    return ahead_bytes_ < 0;
}

void Exchange::take_chunks(std::string_view& bytes) {
    thread_local std::string body;  // reuses its memory
    body.clear();
    const ChunkedBody::State state = request_chunks_->take(bytes, body);
    add_chunk(to_upstream_.text(), body);
    if (state == ChunkedBody::State::more)
        return;
    if (state != ChunkedBody::State::complete)
        return fail(answer_to(BodyFlaw::chunk, frame_of(*forwarded_call_)));
    to_upstream_.text().append(last_chunk);
    body_taken_ = true;
}

void Exchange::client_ended() {
    client_ended_ = true;
    if (!tunnel_ && !body_taken_)
        fail(answer_to(BodyFlaw::cut_short, frame_of(*forwarded_call_)));
}

// --- from the API --------------------------------------------------------------------------------

std::size_t Exchange::upstream_space() const noexcept {
    const std::size_t room = to_client_.room();
    return room > around_bytes_max ? room - around_bytes_max : 0;
}

void Exchange::from_upstream(std::string_view bytes) {
    HOURGATE_CHECK(bytes.size() <= upstream_space());
    heard_ |= !bytes.empty();
    while (!bytes.empty() && !whole_ && !failure_) {
        if (tunnel_) {
            to_client_.text().append(bytes);
            return;
        }
        if (answering_)
            read_body(bytes);
        else
            read_head(bytes);
    }
    if (!bytes.empty())
        answer_keeps_ = false;  // unexpected bytes belong to no response
}

void Exchange::read_head(std::string_view& bytes) {
    std::string_view all = bytes;
    if (!head_.empty())
        all = head_.append(bytes);
    const HeadScanner::State state = scanner_.scan(all);
    if (state == HeadScanner::State::refused) {
        const std::string bound = bound_of_answer(scanner_.flaw());
        return break_off(bound.empty() ? "the head of its answer is not HTTP/1.1"
                                       : "the head of its answer is over " + bound);
    }
    if (state == HeadScanner::State::more) {
        if (head_.empty())
            head_ = bytes;
        bytes = {};
        return;
    }
    const std::size_t size = std::exchange(scanner_, HeadScanner(answer_bounds)).size();
    bytes = bytes.substr(bytes.size() - (all.size() - size));
    thread_local ResponseHead head;  // reuses its memory
    parse_response_head(all.substr(0, size), forwarded_call_->method, head);
    if (head.readable)
        begin(head);
    else if (head.too_many_options)
        break_off("the head of its answer is over " + bound_of_answer(HeadFlaw::too_many_options));
    else
        break_off("a status line, a header or a length of its answer cannot be read");
    head_.clear();
}

void Exchange::begin(const ResponseHead& head) {
    const std::int64_t now_s = std::time(nullptr);
    const bool is_1_1 = forwarded_call_->minor_version == 1;
    if (head.status < 200 && head.status != 101) {
        if (head.status != 100 && is_1_1)  // RFC 9110 section 15.2: none to HTTP/1.0
            write_client_head(to_client_.text(), head, {}, Framing::as_it_is, wished_, now_s);
        return;
    }
    if (head.status == 101 && !(forwarded_call_->upgrades && head.switches))
        return break_off("it switches protocols, which the call did not ask for");
    answering_ = true;
    if (ending_)
        wished_ = After::close;
    tunnel_ = head.status == 101;
    answer_keeps_ = head.keep_alive;
    bodiless_ = forwarded_call_->method == "HEAD" || head.status == 204 || head.status == 304;
    answer_body_ = head.body;
    answer_left_ = head.body_bytes;
    if (head.body == ResponseHead::Body::chunked)
        answer_chunks_.emplace(SIZE_MAX, ChunkedBody::Spaces::read_over);
    if (head.body == ResponseHead::Body::chunked || head.body == ResponseHead::Body::rest)
        framing_ = is_1_1 ? Framing::chunked : Framing::until_close;
    write_client_head(to_client_.text(), head, forwarded_call_->added, framing_, after(), now_s,
                      page_of(*forwarded_call_));
    whole_ = !tunnel_ && head.body == ResponseHead::Body::none;
}

void Exchange::read_body(std::string_view& bytes) {
    switch (answer_body_) {
        case ResponseHead::Body::chunked: {
            thread_local std::string body;  // reuses its memory
            body.clear();
            const ChunkedBody::State state = answer_chunks_->take(bytes, body);
            say(body);
            if (state == ChunkedBody::State::complete)
                end_answer();
            else if (state != ChunkedBody::State::more)
                break_off("a chunk of its answer cannot be read");
            return;
        }
        case ResponseHead::Body::length: {
            const std::string_view part = bytes.substr(0, answer_left_);
            say(part);
            answer_left_ -= part.size();
            bytes.remove_prefix(part.size());
            if (answer_left_ == 0)
                end_answer();
            return;
        }
        case ResponseHead::Body::rest:
            say(bytes);
            bytes = {};
            return;
        case ResponseHead::Body::none:
            return;
    }
}

void Exchange::say(std::string_view body) {
    if (framing_ == Framing::chunked)
        add_chunk(to_client_.text(), body);
    else
        to_client_.text().append(body);
}

void Exchange::end_answer() {
    if (framing_ == Framing::chunked)
        to_client_.text().append(last_chunk);
    whole_ = true;
}

void Exchange::upstream_ended() {
    answer_keeps_ = false;
    if (whole_ || failure_)
        return;
    if (tunnel_)
        whole_ = true;
    else if (answering_ && answer_body_ == ResponseHead::Body::rest)
        end_answer();
    else
        break_off(ended_within());
}

/// Returns a clause that says how far the response had come when the connection ended.
std::string Exchange::ended_within() const {
    if (answering_)
        return "it ended within the body of its answer";
    return head_.empty() ? "it closed the connection without an answer"
                         : "it ended within the head of its answer";
}

/// Fails the exchange because the API's response is malformed or incomplete.
void Exchange::break_off(std::string by) {
    broke_by_ = std::move(by);
    fail(answer_to(UpstreamFault::broken, *forwarded_call_, broke_by_));
}

void Exchange::fail(Response answer) noexcept {
    if (!failure_)
        failure_.emplace(std::move(answer));
}

After Exchange::after() const noexcept {
    const bool close = wished_ == After::close || framing_ == Framing::until_close || tunnel_ ||
                       client_ended_ || !body_taken_;
    return close ? After::close : After::keep;
}

}  // namespace hourgate::http
