// nginx asks twice about a call that it redirects internally (X-Accel-Redirect, index, try_files,
// error_page). Where [trust] ask_id names a header in which it says which call it asks about, the
// second asking is not spent.
// Refuses to: believe an id anywhere else than on auth/nginx; keep an answer, or a token.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/limits.h"
#include "gate/call.h"
#include "gate/decision.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// Any thread. A table of limits::asks_max calls, 1.5 MiB. Where it is full the oldest call of a
/// few is forgotten: its repeat counts.
class AskIds {
public:
    /// `header` is the name of the header, not empty. Throws std::bad_alloc.
    explicit AskIds(std::string header);

    /// Token, method, target and id of an asking, as a digest keyed for this process.
    using Key = std::array<char, 32>;

    /// Before a call asked about on auth/nginx is decided. Makes it Spend::counted when the very
    /// same was granted and spent up to limits::ask_repeat_us ago and was not asked about again
    /// since; nobody else's will be then. Nothing when the request has not exactly one id of 16 to
    /// 128 bytes: it counts like every call. Throws std::bad_alloc.
    [[nodiscard]] std::optional<Key> before(const RequestView& request, Call& call);
    /// After it. Null: nothing was decided, and the call comes again.
    void after(const Key& key, const Call& call, const Decision* decision) noexcept;

private:
    struct Slot {
        Key key{};
        std::int64_t at_us = 0;
        enum class State : std::uint8_t { empty, spent, repeated } state = State::empty;
    };
    /// Calls whose keys begin alike; guarded by its mutex.
    struct Bucket {
        std::mutex mutex;
        std::array<Slot, 8> slots;

        [[nodiscard]] Slot* find(const Key& key) noexcept;
        [[nodiscard]] Slot& oldest() noexcept;
    };
    static constexpr std::size_t buckets = limits::asks_max / 8;

    [[nodiscard]] Bucket& bucket(const Key& key) noexcept;

    const std::string header_;
    const std::array<char, 32> secret_;
    const std::unique_ptr<std::array<Bucket, buckets>> buckets_;
};

}  // namespace hourgate::http
