#include "http/server/session.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/secret.h"
#include "http/decision/request_refusals.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

namespace {

constexpr std::size_t small_bytes = 512;           // of memory, for the beginning of a request
constexpr std::size_t out_kept_bytes_max = 4'096;  // of memory, from one response to the next
constexpr std::string_view please_continue = "HTTP/1.1 100 Continue\r\n\r\n";

static_assert(Inbox::bytes_max > limits::head_bytes_max + limits::target_bytes_max + 256,
              "a head that is not refused must fit");

Response too_late(const ErrorFrame& frame) {
    return plain_error(
        408, "bad_request", "timed_out", "The request did not arrive in time.",
        "Send the whole request within " + std::to_string(limits::read_timeout_ms / 1'000) + " s.",
        frame);
}

Response no_body(const ErrorFrame& frame) {
    return plain_error(408, "bad_request", "timed_out",
                       "The body of the request did not begin in time.",
                       "Send its first bytes within " +
                           std::to_string(limits::read_timeout_ms / 1'000) + " s after the head.",
                       frame);
}

Response too_many_bodies(const ErrorFrame& frame) {
    Response answer =
        plain_error(503, "unavailable", "too_many_bodies",
                    "Your address has as many requests with unfinished bodies as it may have.",
                    "Finish some, or send requests with a body one after another.", frame);
    answer.headers.push_back({"Retry-After", "1"});
    return answer;
}

Response too_large(std::size_t bytes_max, const ErrorFrame& frame) {
    return plain_error(413, "bad_request", "body_too_large", "The body of the request is too long.",
                       "Send at most " + std::to_string(bytes_max) + " bytes.", frame);
}

Response too_busy(const ErrorFrame& frame) {
    Response answer = plain_error(503, "unavailable", "too_busy",
                                  "The gate has more calls to answer than it has time for.",
                                  "Send the call again in a second.", frame);
    answer.headers.push_back({"Retry-After", "1"});
    return answer;
}

/// Returns the part of `bytes` that belongs to the request's body, at most as much as is inspected
/// before the call is granted.
std::string_view start_of(std::string_view bytes, RequestHead::Body body,
                          std::uint64_t body_bytes) {
    std::uint64_t most = limits::misplaced_bytes_max;
    if (body == RequestHead::Body::none)
        most = 0;
    if (body == RequestHead::Body::length)
        most = std::min(most, body_bytes);
    return bytes.substr(0, most);
}

}  // namespace

std::string_view to_text(Session::Phase phase) noexcept {
    switch (phase) {
        case Session::Phase::idle:
            return "idle";
        case Session::Phase::head:
            return "head";
        case Session::Phase::body:
            return "body";
        case Session::Phase::work:
            return "work";
        case Session::Phase::answer:
            return "answer";
        case Session::Phase::forward:
            return "forward";
        case Session::Phase::goodbye:
            return "goodbye";
        case Session::Phase::over:
            return "over";
    }
    return "";
}

// --- inbox ---------------------------------------------------------------------------------------

void Inbox::reserve_space(std::size_t bytes) {
    const std::size_t held = end_ - begin_;
    if (bytes_.size() - end_ >= bytes)
        return;
    if (bytes_.size() - held < bytes) {
        // At most twice what is held: a client that sends the beginning of a head takes no more
        // memory.
        const std::size_t wanted = std::bit_ceil(std::max(held + bytes, small_bytes));
        std::string larger(std::min(wanted, bytes_max), '\0');
        std::memcpy(larger.data(), bytes_.data() + begin_, held);
        release();
        bytes_ = std::move(larger);
    } else {
        std::memmove(bytes_.data(), bytes_.data() + begin_, held);
        explicit_bzero(bytes_.data() + held, end_ - held);
    }
    begin_ = 0;
    end_ = held;
}

void Inbox::add(std::string_view bytes) {
    HOURGATE_CHECK(bytes.size() <= room());
    reserve_space(bytes.size());
    std::memcpy(bytes_.data() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
}

void Inbox::consume(std::size_t bytes) noexcept {
    explicit_bzero(bytes_.data() + begin_, bytes);
    begin_ += bytes;
    if (begin_ == end_)
        begin_ = end_ = 0;
}

void Inbox::release() noexcept {
    explicit_bzero(bytes_.data() + begin_, end_ - begin_);
    std::string().swap(bytes_);
    begin_ = end_ = 0;
}

// --- requests ------------------------------------------------------------------------------------

Session::~Session() {
    forget_request();
    if (out_holds_token_)
        hourgate::wipe(out_);
}

void Session::take(std::string_view bytes) {
    if (phase_ == Phase::goodbye || phase_ == Phase::over)
        return;
    // Most requests arrive completely, and are parsed without a copy.
    if (inbox_.unread().empty()) {
        if (phase_ == Phase::idle)
            bytes.remove_prefix(read_head(bytes));
        else if (phase_ == Phase::forward)
            bytes.remove_prefix(give(bytes));
    }
    if (!bytes.empty())
        inbox_.add(bytes);
    go_on();
}

/// Proceeds as far as the bytes at hand allow.
void Session::go_on() {
    if (phase_ == Phase::idle || phase_ == Phase::head)
        inbox_.consume(read_head(inbox_.unread()));
    else if (phase_ == Phase::body && exchange_)
        begin_forwarding();
    else if (phase_ == Phase::body)
        read_body();
}

/// Reads a head from all bytes after the previous request. Returns how many bytes are used up.
std::size_t Session::read_head(std::string_view bytes) {
    if (bytes.empty())
        return 0;
    phase_ = Phase::head;
    const HeadScanner::State state = scanner_.scan(bytes);
    if (state == HeadScanner::State::more)
        return 0;
    if (state == HeadScanner::State::refused) {
        refuse(scanner_.flaw());
        return bytes.size();
    }
    const std::size_t size = std::exchange(scanner_, {}).size();
    thread_local RequestHead head;  // reuses its memory
    parse_request_head(bytes.substr(0, size), head);
    if (head.flaw == HeadFlaw::none && is_target_too_long(head.request.target))
        head.flaw = HeadFlaw::target_too_long;
    head.request.body_start = start_of(bytes.substr(size), head.body, head.body_bytes);
    if (head.flaw == HeadFlaw::none) {
        begin_request(head, bytes.size() - size);
    } else {
        request_.method = head.request.method;
        body_ = head.body;
        refuse(head.flaw);
    }
    return size;
}

/// Uses the configuration in force. On the ask listener the target is that of the ask; the gate
/// checks the target of the call that is asked about.
bool Session::is_target_too_long(std::string_view target) const noexcept {
    return target.size() > limits::target_bytes_least && listener_ != Listener::ask &&
           target.size() > service_.reply()->target_bytes_max;
}

void Session::begin_request(RequestHead& head, std::size_t bytes_at_hand) {
    ++requests_;
    const bool keep = head.keep_alive && !ending_ && requests_ < limits::keep_alive_requests_max;
    after_ = keep ? After::keep : After::close;
    head.request.peer = peer_;
    head.request.carrier = carrier_;
    if (head.body == RequestHead::Body::none &&
        service_.answer_at_once(listener_, head, after_, out_)) {
        phase_ = Phase::answer;
        return;
    }
    const bool forwarded = service_.is_forwarded(listener_, head.request);
    if (forwarded) {
        if (!may_send_body(head, bytes_at_hand)) {
            request_.method = head.request.method;
            return refuse(too_many_bodies({*service_.reply()}), "too_many_bodies",
                          "the bodies of one address that may come at a time");
        }
        if (auto outcome = service_.forward_from_memory(head)) {
            request_.method = head.request.method;
            body_ = head.body;
            return forward_call(*std::move(outcome), bytes_at_hand > 0);
        }
    }
    request_ = Request(head.request);
    body_ = head.body;
    body_bytes_ = head.body_bytes;
    expects_continue_ = head.expects_continue;
    minor_version_ = head.minor_version;
    admission_ = {};
    work_ = forwarded ? Work::pass : Work::handle;
    phase_ = Phase::work;
    ready_us_ = service_.boot_us();
    if (forwarded || body_ == RequestHead::Body::none)
        return;
    body_bytes_max_ = service_.body_bytes_max(listener_, request_.method, request_.target);
    if (body_bytes_max_ == 0)
        after_ = After::close;  // a body that nobody reads is never taken for the next request
    else
        work_ = Work::admit;  // a caller who will be refused is told before its body is sent
}

// --- calls to the API ----------------------------------------------------------------------------

/// Takes a slot for the body. Nothing is counted for a body that arrived with its head.
bool Session::may_send_body(const RequestHead& head, std::size_t bytes_at_hand) {
    const bool whole = head.body == RequestHead::Body::none ||
                       (head.body == RequestHead::Body::length && bytes_at_hand >= head.body_bytes);
    if (whole || bodies_ == nullptr)
        return true;
    auto slot = bodies_->enter(service_.caller_address(head.request));
    if (!slot)
        return false;
    unfinished_.emplace(*std::move(slot));
    return true;
}

/// Decides on a worker what the event loop could not decide from memory.
void Session::forward_call() {
    RequestHead head;
    head.request = request_;
    head.minor_version = minor_version_;
    head.body = body_;
    head.body_bytes = body_bytes_;
    head.expects_continue = expects_continue_;
    head.request.body_start = start_of(inbox_.unread(), body_, body_bytes_);
    forward_call(service_.pass(head), !inbox_.unread().empty());
}

/// Holds the call back until its body has begun: a client that sends only heads must not occupy
/// connections to the API.
void Session::forward_call(Service::ForwardOutcome outcome, bool body_has_begun) {
    if (!outcome.forwarded_call) {
        // A body that nobody reads is never taken for the next request.
        const bool unread = body_ != RequestHead::Body::none;
        return say(std::move(outcome.refusal), unread ? After::close : after_);
    }
    exchange_ = std::make_unique<Exchange>(std::move(outcome.forwarded_call), after_, ending_);
    client_ended_ = false;
    forget_request();
    const ForwardedCall& forwarded_call = *exchange_->forwarded_call();
    if (body_has_begun || forwarded_call.body == RequestHead::Body::none)
        phase_ = Phase::forward;
    else if (forwarded_call.expects_continue)
        ask_for_body();
    else
        phase_ = Phase::body;
}

/// Starts the exchange of a call in phase body once some of its body has come. A call that has
/// waited for long is rechecked first.
void Session::begin_forwarding() {
    if (inbox_.unread().empty())
        return;
    const std::int64_t sure_us = exchange_->forwarded_call()->sure_us;
    work_ = Work::check;
    const bool long_ago = service_.boot_us() - sure_us >= limits::stream_check_ms * 1'000;
    phase_ = long_ago ? Phase::work : Phase::forward;
}

/// Gives the exchange bytes. Returns how many it took.
std::size_t Session::give(std::string_view bytes) {
    const std::size_t taken = exchange_->take(bytes);
    if (exchange_->body_taken())
        unfinished_.reset();
    return taken;
}

bool Session::feed() {
    const std::size_t taken = give(inbox_.unread());
    inbox_.consume(taken);
    if (client_ended_ && inbox_.unread().empty())
        exchange_->client_ended();
    return taken > 0;
}

void Session::exchange_over() {
    const std::unique_ptr<Exchange> exchange = std::move(exchange_);
    if (exchange->body_taken())
        unfinished_.reset();
    if (const Response* instead = exchange->instead()) {
        out_ = exchange->to_client();
        request_.method = exchange->forwarded_call()->method;
        say(*instead, exchange->after());
    } else if (exchange->broken()) {
        phase_ = Phase::over;
        // Also after the end of the client's stream, since its next request may be here already.
    } else {
        after_ = exchange->after();
        if (after_ == After::keep)
            unfinished_.reset();
        next_request();
    }
}

// --- bodies --------------------------------------------------------------------------------------

void Session::read_body() {
    std::string& body = request_.body;
    if (body_ == RequestHead::Body::length) {
        const std::string_view part = inbox_.unread().substr(0, body_bytes_ - body.size());
        body.append(part);
        inbox_.consume(part.size());
        if (body.size() == body_bytes_)
            have_body();
        return;
    }
    std::string_view rest = inbox_.unread();
    const std::size_t before = rest.size();
    const ChunkedBody::State state = chunks_->take(rest, body);
    inbox_.consume(before - rest.size());
    switch (state) {
        case ChunkedBody::State::complete:
            return have_body();
        case ChunkedBody::State::malformed:
            return refuse(answer_to(BodyFlaw::chunk, frame()), "bad_chunk");
        case ChunkedBody::State::too_large:
            return refuse_body();
        case ChunkedBody::State::more:
            return;
    }
}

void Session::have_body() {
    ready_us_ = service_.boot_us();
    work_ = Work::handle;
    phase_ = Phase::work;
}

void Session::work() noexcept {
    HOURGATE_CHECK(phase_ == Phase::work);
    // If memory runs out, only this connection ends.
    try {
        if (work_ == Work::handle) {
            say(service_.handle(listener_, request_, std::move(admission_)), after_);
            return service_.answered(listener_, ready_us_);
        }
        if (work_ == Work::pass) {
            forward_call();
            return service_.answered(listener_, ready_us_);
        }
        if (work_ == Work::check) {
            ForwardedCall& forwarded_call = *exchange_->forwarded_call();
            service_.check(forwarded_call);
            if (forwarded_call.ended())
                return give_up(forwarded_call.ending());
            phase_ = Phase::forward;
            return;
        }
        admission_.body_start = start_of(inbox_.unread(), body_, body_bytes_);
        if (auto refused = service_.admit(listener_, request_, admission_)) {
            say(*std::move(refused), After::close);
            return service_.answered(listener_, ready_us_);
        }
        if (body_bytes_ > body_bytes_max_)
            return refuse_body();
        // Reserves everything at once: a growing string leaves copies in memory.
        request_.body.reserve(body_bytes_max_);
        chunks_.reset();
        if (body_ == RequestHead::Body::chunked)
            chunks_.emplace(body_bytes_max_);
        if (expects_continue_ && inbox_.unread().empty())
            return ask_for_body();
        phase_ = Phase::body;
        read_body();
    } catch (...) {
        phase_ = Phase::over;
    }
}

void Session::ask_for_body() {
    out_ = please_continue;
    interim_ = true;
    phase_ = Phase::answer;
}

void Session::turn_away() {
    if (exchange_)
        return give_up(too_busy(frame()));
    if (work_ == Work::admit || body_ != RequestHead::Body::none)
        after_ = After::close;
    say(too_busy(frame()), after_);
}

// --- answers -------------------------------------------------------------------------------------

/// Returns what all errors on the current request have in common: the decision, if one was made,
/// and the wishes of its Accept header, if its head was read.
ErrorFrame Session::frame() const {
    if (exchange_)
        return frame_of(*exchange_->forwarded_call());
    const auto reply = service_.reply();
    ErrorFrame frame{*reply};
    frame.kept = reply;
    frame.format = format_for(request_.joined("Accept"));
    if (admission_.decision)
        frame.decision = &*admission_.decision;
    if (listener_ == Listener::public_)
        frame.origin = request_.only("Origin").value_or("");
    return frame;
}

void Session::refuse(Response answer, std::string_view reason, std::string_view bound) {
    service_.request_refused(listener_, reason, bound, peer_);
    give_up(std::move(answer));
}

void Session::give_up(Response answer) {
    if (exchange_) {  // its body never began
        request_.method = exchange_->forwarded_call()->method;
        exchange_.reset();
    }
    say(std::move(answer), After::close);
}

void Session::refuse(HeadFlaw flaw) {
    const auto reply = service_.reply();
    refuse(answer_to(flaw, {*reply}), reason_of(flaw), bound_of(flaw, reply->target_bytes_max));
}

void Session::refuse_body() {
    refuse(too_large(body_bytes_max_, frame()), "body_too_large",
           std::to_string(body_bytes_max_) + " bytes of body");
}

void Session::say(Response answer, After after) {
    if (ending_)
        after = After::close;
    after_ = after;
    keep_slot_for_unread();
    write_response(out_, answer, request_.method, after, std::time(nullptr));
    out_holds_token_ = answer.holds_token;
    if (answer.holds_token)
        hourgate::wipe(answer.body);
    forget_request();
    phase_ = Phase::answer;
}

/// Keeps the slot of a body while the rest of it is discarded, so that the limit per address holds
/// for these too. A body without a slot gets one, if one is free.
void Session::keep_slot_for_unread() {
    if (after_ == After::keep || body_ == RequestHead::Body::none)
        return unfinished_.reset();
    if (unfinished_ || bodies_ == nullptr)
        return;
    if (auto slot = bodies_->enter(peer_))
        unfinished_.emplace(*std::move(slot));
}

void Session::sent(std::size_t bytes) {
    if (phase_ == Phase::forward)
        return exchange_->sent_client(bytes);
    sent_ += bytes;
    if (sent_ < out_.size())
        return;
    if (out_holds_token_)
        hourgate::wipe(out_);
    out_.clear();
    if (out_.capacity() > out_kept_bytes_max)
        std::string().swap(out_);
    sent_ = 0;
    if (!interim_)
        return next_request();
    interim_ = false;
    phase_ = Phase::body;
    go_on();
}

void Session::next_request() {
    if (after_ == After::close) {
        inbox_.release();
        phase_ = Phase::goodbye;
        return;
    }
    phase_ = Phase::idle;
    if (inbox_.unread().empty())
        inbox_.release();
    go_on();
}

/// Overwrites the request, since it may hold a token.
void Session::forget_request() noexcept {
    admission_ = {};  // it points into the request
    request_.wipe();
    request_ = {};
}

// --- ends ----------------------------------------------------------------------------------------

void Session::ended() noexcept {
    unfinished_.reset();
    phase_ = Phase::over;
}

void Session::client_ended() {
    if (phase_ == Phase::forward) {
        client_ended_ = true;
    } else if (phase_ == Phase::body && exchange_) {
        refuse(answer_to(BodyFlaw::cut_short, frame()), "body_cut_short");
        unfinished_.reset();  // no more of it will come
    } else {                  // nothing, or part of a request that the gate itself answers
        ended();
    }
}

void Session::late() {
    const std::string patience =
        std::to_string(limits::read_timeout_ms / 1'000) + " s for a request to arrive";
    if (phase_ == Phase::body && exchange_)
        refuse(no_body(frame()), "timed_out", patience);
    else if (phase_ == Phase::head || phase_ == Phase::body)
        refuse(too_late(frame()), "timed_out", patience);
    else
        phase_ = Phase::over;
}

}  // namespace hourgate::http
