// What was answered to calls that create something and named an Idempotency-Key: the same call
// again gets the same answer, and nothing is created twice. In memory, bounded in number, size and
// time; a restart forgets it. Minted tokens are remembered in the database as well: see
// manage::NewToken::idempotency_key. A secret is never kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/limits.h"
#include "base/seeded_hash.h"
#include "token/digest.h"

namespace hourgate::http {

/// Safe from any thread.
class IdempotencyCache {
public:
    /// At most `calls_max` in all, and `calls_of_one_max` of one caller: the oldest that is
    /// answered makes way. A body above `body_bytes_max` is not kept: its repeat is refused.
    static constexpr std::size_t calls_max = 4'096;
    static constexpr std::size_t calls_of_one_max = 256;
    static constexpr std::size_t body_bytes_max = 4'096;
    static constexpr std::int64_t keep_ms = limits::idempotency_keep_ms;

    struct Found {
        enum class Kind : std::uint8_t {
            fresh,     ///< nothing is known: the caller goes on, and says finish() or drop()
            answered,  ///< `status` and `body`
            other,     ///< the key was used for another call
            running,   ///< the first call has not been answered yet
            lost,      ///< it was answered, and its answer was not kept
        };
        Kind kind = Kind::fresh;
        int status = 0;
        std::string body = {};
    };

    /// Begins a call of `who` with `key`; `call` is everything that makes it the same call.
    [[nodiscard]] Found begin(std::string_view who, std::string_view key, std::string_view call,
                              std::int64_t now_ms);
    /// The answer to a call that begin() found fresh, without any secret.
    void finish(std::string_view who, std::string_view key, int status, std::string body);
    /// It created nothing: the key is free again.
    void drop(std::string_view who, std::string_view key);

    [[nodiscard]] std::size_t size() const;

private:
    struct Entry {
        token::Digest id;  // of who and key
        token::Digest who;
        token::Digest call;
        std::int64_t at_ms = 0;
        Found::Kind kind = Found::Kind::running;
        int status = 0;
        std::string body;
    };
    using Entries = std::list<Entry>;  // in the order they began

    [[nodiscard]] static token::Digest id_of(std::string_view who, std::string_view key);
    void forget(Entries::iterator entry);
    void reserve_space(const token::Digest& who, std::int64_t now_ms);

    mutable std::mutex mutex_;
    Entries entries_;  // guarded by mutex_, like the index
    std::unordered_map<token::Digest, Entries::iterator, SeededHash> by_id_;
};

}  // namespace hourgate::http
