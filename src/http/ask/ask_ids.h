// Recognizes repeats. nginx asks twice about a call that it redirects internally (X-Accel-Redirect,
// index, try_files, error_page). If [trust] ask_id names the header with which nginx identifies a
// call, the second ask spends nothing.
// Trusts an id only on auth/nginx. Never stores a response or a token.
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

/// Threads: any. A table of limits::asks_max calls, 1.5 MiB. If a bucket is full, its oldest call
/// is forgotten, and a repeat of that call counts.
class AskIds {
public:
    /// `header` is the name of the header. REQUIRES: not empty. Throws std::bad_alloc.
    explicit AskIds(std::string header);

    /// A digest of token, method, target, host and id of an ask, keyed for this process.
    using Key = std::array<char, 32>;

    /// Must be called before a call of auth/nginx is decided. Sets Spend::counted if the same call
    /// was granted and spent at most limits::ask_repeat_us ago, and has had no repeat since. Only
    /// one caller gets that. Returns nullopt if the request does not have exactly one id of 16 to
    /// 128 bytes; it counts like any call then. Throws std::bad_alloc.
    [[nodiscard]] std::optional<Key> before(const RequestView& request, Call& call);
    /// Must be called after the decision. Null: nothing was decided, and the call will be asked
    /// about again.
    void after(const Key& key, const Call& call, const Decision* decision) noexcept;

private:
    struct Slot {
        Key key{};
        std::int64_t at_us = 0;
        enum class State : std::uint8_t { empty, spent, repeated } state = State::empty;
    };
    /// The calls whose keys begin with the same digits. Guarded by its mutex.
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
