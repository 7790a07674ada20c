// One connection without its socket. Bytes come in, the fast path or the Service answers requests,
// and bytes go out, until one side ends it. http/server/event_loop.h moves the bytes and keeps the
// deadlines. A test can do to a Session whatever a client can do to a connection.
//
// One thread at a time uses a session. Only work() may block: if it runs on another thread, no
// other function may be called until it returns.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "http/proxy/exchange.h"
#include "http/server/per_address_limit.h"
#include "http/service.h"
#include "http/wire/chunked.h"
#include "http/wire/request_head.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

/// Holds bytes that were read but not used: at most `bytes_max`, which is enough for any head.
class Inbox {
public:
    static constexpr std::size_t bytes_max = 53'248;

    Inbox() = default;
    ~Inbox() { release(); }
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    [[nodiscard]] std::size_t room() const noexcept { return bytes_max - (end_ - begin_); }
    [[nodiscard]] std::string_view unread() const noexcept {
        return {bytes_.data() + begin_, end_ - begin_};
    }
    /// Returns the bytes of memory: at most twice unread(), or 512.
    [[nodiscard]] std::size_t held() const noexcept { return bytes_.size(); }
    void add(std::string_view bytes);          ///< REQUIRES: bytes.size() <= room()
    void consume(std::size_t bytes) noexcept;  ///< overwrites them, since they may hold a token
    void release() noexcept;                   ///< drops all bytes and frees the memory

private:
    void reserve_space(std::size_t bytes);

    std::string bytes_;  // its size is its capacity
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

class Session {
public:
    /// What the session waits for.
    enum class Phase : std::uint8_t {
        idle,     ///< the first byte of a request
        head,     ///< the rest of a head
        body,     ///< the rest of a body; in a call to the API, its first bytes
        work,     ///< work()
        answer,   ///< output() to be sent
        forward,  ///< the exchange with the API: bytes in both directions, also output()
        goodbye,  ///< nothing: the last response is sent, and further bytes are discarded
        over,     ///< nothing: the connection must be closed
    };

    /// Any thread may set `ending`; then no request is taken after the current one. `bodies` counts
    /// calls to the API whose body has not arrived completely. It counts by the caller's address,
    /// which a trusted proxy may name; null means no limit. Both outlive the session.
    Session(Listener listener, const Address& peer, Service& service,
            const std::atomic<bool>& ending, PerAddressLimit* bodies = nullptr,
            Carrier carrier = Carrier::tcp) noexcept
        : listener_(listener),
          carrier_(carrier),
          peer_(peer),
          service_(service),
          ending_(ending),
          bodies_(bodies) {}
    ~Session();  ///< overwrites whatever may hold a token, sent or not
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    /// Returns true while a request is arriving or being answered.
    [[nodiscard]] bool busy() const noexcept {
        return phase_ != Phase::idle && phase_ != Phase::goodbye && phase_ != Phase::over;
    }

    /// Returns how many requests have begun. The next request has a deadline of its own.
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }

    /// Returns how many bytes take() accepts: more than 0 in phases idle, head and body. In phase
    /// forward it may be 0 until the API has taken some.
    [[nodiscard]] std::size_t room() const noexcept { return inbox_.room(); }
    void take(std::string_view bytes);
    /// In phase goodbye: returns true if a body that nobody reads may still be arriving, and it has
    /// a slot. Such a client gets more time, since it may read the response only after it has sent
    /// everything.
    [[nodiscard]] bool lingers() const noexcept { return unfinished_.has_value(); }
    /// Ends the session: the connection cannot be used any more.
    void ended() noexcept;

    /// Returns the exchange with the API. REQUIRES: phase forward.
    [[nodiscard]] Exchange& exchange() noexcept { return *exchange_; }
    /// Gives the exchange the bytes of the body at hand. Returns true if it took some. REQUIRES:
    /// phase forward.
    bool feed();
    /// Says that the client has sent everything. It may still read responses to complete requests,
    /// in every phase. REQUIRES: phase idle, head, body, forward or goodbye.
    void client_ended();
    /// Begins what follows the exchange. REQUIRES: phase forward, and exchange().over().
    void exchange_over();

    /// Calls the service. May block; never throws. REQUIRES: phase work. Threads: any, one at a
    /// time.
    void work() noexcept;
    /// Answers 503 instead of work(), because no worker is free. REQUIRES: phase work.
    void turn_away();

    /// Returns the bytes to be sent. REQUIRES: phase answer or forward.
    [[nodiscard]] std::string_view output() const noexcept {
        if (phase_ == Phase::forward)
            return exchange_->to_client();
        return std::string_view(out_).substr(sent_);
    }
    void sent(std::size_t bytes);

    /// Handles a missed deadline of the current phase.
    void late();

private:
    enum class Work : std::uint8_t { admit, handle, pass, check };

    void go_on();
    [[nodiscard]] std::size_t read_head(std::string_view bytes);
    [[nodiscard]] bool is_target_too_long(std::string_view target) const noexcept;
    void begin_request(RequestHead& head, std::size_t bytes_at_hand);
    void forward_call();
    void forward_call(Service::ForwardOutcome outcome, bool body_has_begun);
    void begin_forwarding();
    [[nodiscard]] std::size_t give(std::string_view bytes);
    [[nodiscard]] bool may_send_body(const RequestHead& head, std::size_t bytes_at_hand);
    void ask_for_body();
    void next_request();
    void read_body();
    void have_body();
    /// For `bound`, see Observer::request_refused().
    void refuse(Response answer, std::string_view reason, std::string_view bound = {});
    [[nodiscard]] ErrorFrame frame() const;
    void refuse(HeadFlaw flaw);
    void give_up(Response answer);  ///< answers and closes the connection
    void refuse_body();
    void say(Response answer, After after);
    void keep_slot_for_unread();
    void forget_request() noexcept;

    const Listener listener_;
    const Carrier carrier_;
    const Address peer_;
    Service& service_;
    const std::atomic<bool>& ending_;
    PerAddressLimit* const bodies_;
    Phase phase_ = Phase::idle;
    Work work_ = Work::handle;
    bool interim_ = false;  // out_ is "100 Continue"
    After after_ = After::keep;
    std::size_t requests_ = 0;

    Inbox inbox_;
    HeadScanner scanner_;

    // The current request, unless the fast path answered it:
    Request request_;
    RequestHead::Body body_ = RequestHead::Body::none;
    std::uint64_t body_bytes_ = 0;
    bool expects_continue_ = false;
    int minor_version_ = 1;
    std::size_t body_bytes_max_ = 0;
    std::optional<ChunkedBody> chunks_;
    Service::Admission admission_;
    std::int64_t ready_us_ = 0;  // when everything arrived that the response depends on

    /// Set in phase forward, and before it while the first bytes of a body are awaited.
    std::unique_ptr<Exchange> exchange_;
    // The slot of a body that has not arrived completely. Emptied once no more of it can come.
    std::optional<PerAddressLimit::Slot> unfinished_;
    bool client_ended_ = false;

    std::string out_;
    std::size_t sent_ = 0;
    bool out_holds_token_ = false;
};

constexpr std::size_t phase_count = static_cast<std::size_t>(Session::Phase::over) + 1;
/// Returns "idle", "head", …
[[nodiscard]] std::string_view to_text(Session::Phase phase) noexcept;

}  // namespace hourgate::http
