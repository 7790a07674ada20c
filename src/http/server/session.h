// One connection without its socket: bytes come in, the fast path or the Service answers requests,
// and bytes go out, until one side ends it. http/server/event_loop.h moves the bytes and keeps the
// deadlines. A test can do to a Session whatever a peer can do to a connection.
//
// A session is used by one thread at a time. Only work() may take long: a caller who runs it on
// another thread hands the session over until it returns.
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

/// Bytes read and not yet used: at most these, trimmed to fit what one head can be.
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
    /// Of memory: twice unread() at most, or 512.
    [[nodiscard]] std::size_t held() const noexcept { return bytes_.size(); }
    void add(std::string_view bytes);          ///< REQUIRES: bytes.size() <= room()
    void consume(std::size_t bytes) noexcept;  ///< overwrites them: they may hold a token
    void release() noexcept;                   ///< drops everything, and the memory

private:
    void reserve_space(std::size_t bytes);

    std::string bytes_;  // its size is its capacity
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

class Session {
public:
    /// What it waits for.
    enum class Phase : std::uint8_t {
        idle,     ///< the first byte of a request
        head,     ///< the rest of a head
        body,     ///< the rest of a body; of a call to the API, the first bytes of it
        work,     ///< work()
        answer,   ///< output() to be sent
        forward,  ///< its exchange with the API: bytes either way, output() included
        goodbye,  ///< nothing: the last answer is out, and what the peer still sends is read over
        over,     ///< nothing: the connection is to be closed
    };

    /// `ending`: set by any thread, says that no request is taken after the one being answered.
    /// `bodies`: counts calls to the API whose bodies have not come as a whole, by the caller's
    /// address, as a believed proxy names it; null: they are not counted. Both outlive the
    /// session.
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
    /// Whether somebody waits for an answer, or is on the way to.
    [[nodiscard]] bool busy() const noexcept {
        return phase_ != Phase::idle && phase_ != Phase::goodbye && phase_ != Phase::over;
    }

    /// Requests begun: the same phase of another request has its own time.
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }

    /// How many bytes take() has room for; more than 0 in idle, head and body. In forward it may be
    /// 0 until the API has taken some.
    [[nodiscard]] std::size_t room() const noexcept { return inbox_.room(); }
    void take(std::string_view bytes);
    /// Of phase goodbye: whether a body is on its way that nobody reads, of a caller with a place
    /// for it. A caller that has to send all of it before it looks for the answer gets the time.
    [[nodiscard]] bool lingers() const noexcept { return unfinished_.has_value(); }
    /// The connection is of no more use.
    void ended() noexcept;

    /// The exchange with the API. REQUIRES: phase forward.
    [[nodiscard]] Exchange& exchange() noexcept { return *exchange_; }
    /// REQUIRES: phase forward. Gives the exchange what waits of the body; whether it took some.
    bool feed();
    /// The peer has sent all it has. Answers to whole requests are still wanted, in every phase.
    /// REQUIRES: phase idle, head, body, forward or goodbye.
    void client_ended();
    /// REQUIRES: phase forward, and exchange().over(). What comes next.
    void exchange_over();

    /// REQUIRES: phase work. Asks the service; any thread. Never throws.
    void work() noexcept;
    /// REQUIRES: phase work. Instead of work(): nobody has time for it.
    void turn_away();

    /// REQUIRES: phase answer or forward.
    [[nodiscard]] std::string_view output() const noexcept {
        if (phase_ == Phase::forward)
            return exchange_->to_client();
        return std::string_view(out_).substr(sent_);
    }
    void sent(std::size_t bytes);

    /// What it waits for did not come in time.
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
    /// `bound`: as of Observer::request_refused().
    void refuse(Response answer, std::string_view reason, std::string_view bound = {});
    [[nodiscard]] ErrorFrame frame() const;
    void refuse(HeadFlaw flaw);
    void give_up(Response answer);  ///< says it as the last of the connection
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

    // The request at hand, when it does not take the fast path:
    Request request_;
    RequestHead::Body body_ = RequestHead::Body::none;
    std::uint64_t body_bytes_ = 0;
    bool expects_continue_ = false;
    int minor_version_ = 1;
    std::size_t body_bytes_max_ = 0;
    std::optional<ChunkedBody> chunks_;
    Service::Admission admission_;
    std::int64_t ready_us_ = 0;  // when all of it was here that its answer needs

    /// Set in forward, and before: while the first bytes of a body are waited for.
    std::unique_ptr<Exchange> exchange_;
    std::optional<PerAddressLimit::Slot>
        unfinished_;  // until the body has come as a whole, or never will
    bool client_ended_ = false;

    std::string out_;
    std::size_t sent_ = 0;
    bool out_holds_token_ = false;
};

constexpr std::size_t phase_count = static_cast<std::size_t>(Session::Phase::over) + 1;
/// "idle", "head", …
[[nodiscard]] std::string_view to_text(Session::Phase phase) noexcept;

}  // namespace hourgate::http
