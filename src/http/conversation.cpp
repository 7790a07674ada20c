#include "http/conversation.h"

#include <ctime>
#include <string>

#include "base/limits.h"
#include "base/secret.h"
#include "http/connection.h"
#include "http/head.h"

namespace hourgate::http {

namespace {

/// Overwrites the token in a request once it is answered, whatever the way out.
struct Wiping {
    Request& request;
    explicit Wiping(Request& request_) noexcept : request(request_) {}
    ~Wiping() { request.wipe(); }
    Wiping(const Wiping&) = delete;
    Wiping& operator=(const Wiping&) = delete;
};

Answer unread(int status, std::string_view reason, std::string_view message, std::string_view fix) {
    return plain_error(status, "bad_request", reason, message, fix, Format::json);
}

Answer too_late() {
    return unread(
        408, "timed_out", "The request did not arrive in time.",
        "Send the whole request within " + std::to_string(limits::read_timeout_ms / 1'000) + " s.");
}

/// Why there is nothing to hand on; gone: nobody is left to read it.
Answer answer_to(Connection::Outcome outcome, const Head& head, std::size_t body_bytes_max) {
    switch (outcome) {
        case Connection::Outcome::late:
            return too_late();
        case Connection::Outcome::too_large:
            return unread(413, "body_too_large", "The body of the request is too long.",
                          "Send at most " + std::to_string(body_bytes_max) + " bytes.");
        case Connection::Outcome::refused:
            if (head.flaw != HeadFlaw::none)
                return answer_to(head.flaw);
            return unread(400, "bad_chunk", "The chunks of the body cannot be read.",
                          "Send the body with Content-Length.");
        case Connection::Outcome::ok:
        case Connection::Outcome::gone:
            break;
    }
    return too_late();
}

class Conversation {
public:
    Conversation(int socket, const Address& peer, Listener listener, Service& service, Seats& seats)
        : socket_(socket),
          peer_(peer),
          listener_(listener),
          service_(service),
          seats_(seats),
          connection_(socket) {}

    void run() {
        for (std::size_t count = 1; connection_.wait(seats_.rest(socket_)); ++count) {
            seats_.work(socket_);
            const bool last = count >= limits::keep_alive_requests_max;
            switch (exchange(last ? After::close : After::keep)) {
                case Next::request:
                    continue;
                case Next::nothing:
                    return;
                case Next::goodbye:
                    break;
            }
            seats_.part(socket_);
            connection_.say_goodbye();
            return;
        }
    }

private:
    enum class Next : std::uint8_t {
        request,
        goodbye,  ///< the answer is out, and was the last
        nothing,  ///< the peer is gone
    };

    /// One request and its answer.
    [[nodiscard]] Next exchange(After after) {
        Head head;
        const Wiping wiping(head.request);
        if (const auto read = connection_.read_head(head); read != Connection::Outcome::ok)
            return give_up(read, head, 0);
        if (!head.keep_alive)
            after = After::close;
        head.request.peer = peer_;
        Service::Admission admission;
        if (head.body != Head::Body::none) {
            const std::size_t bytes_max =
                service_.body_bytes_max(listener_, head.request.method, head.request.target);
            if (bytes_max == 0) {
                // A body nobody reads is never taken for the next request: the connection ends
                // here.
                after = After::close;
            } else {
                // Decided on the head alone: who may not call is told so before a body is asked for
                // (trap 16) or read.
                if (auto refused = service_.admit(listener_, head.request, admission))
                    return send(*std::move(refused), head, After::close);
                const auto read = connection_.read_body(head, bytes_max);
                if (read != Connection::Outcome::ok)
                    return give_up(read, head, bytes_max);
            }
        }
        return send(service_.handle(listener_, head.request, std::move(admission)), head, after);
    }

    [[nodiscard]] Next give_up(Connection::Outcome outcome, const Head& head,
                               std::size_t body_bytes_max) {
        if (outcome == Connection::Outcome::gone)
            return Next::nothing;
        return send(answer_to(outcome, head, body_bytes_max), head, After::close);
    }

    [[nodiscard]] Next send(Answer answer, const Head& head, After after) {
        if (!seats_.may_stay(socket_))
            after = After::close;
        std::string text = write_answer(answer, head.request.method, after, std::time(nullptr));
        const bool sent = connection_.send(text);
        if (answer.holds_token) {
            hourgate::wipe(answer.body);
            hourgate::wipe(text);
        }
        if (!sent)
            return Next::nothing;
        return after == After::keep ? Next::request : Next::goodbye;
    }

    const int socket_;
    const Address peer_;
    const Listener listener_;
    Service& service_;
    Seats& seats_;
    Connection connection_;
};

}  // namespace

void converse(int socket, const Address& peer, Listener listener, Service& service,
              Seats& seats) noexcept {
    // A lack of memory costs this connection, and no other.
    try {
        Conversation(socket, peer, listener, service, seats).run();
    } catch (...) {
    }
}

}  // namespace hourgate::http
