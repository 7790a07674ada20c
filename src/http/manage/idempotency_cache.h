// Remembers the responses to calls that created something and had an Idempotency-Key. The same call
// gets the same response again, and nothing is created twice. Kept in memory, bounded in number,
// size and time; lost on restart. Minted tokens are also remembered in the database: see
// manage::NewToken::idempotency_key. Secrets are never kept.
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

/// Threads: any.
class IdempotencyCache {
public:
    /// The cache holds `calls_max` calls, and `calls_of_one_max` of one caller; the oldest answered
    /// one is evicted. A body above `body_bytes_max` is not kept; its repeat is refused.
    static constexpr std::size_t calls_max = 4'096;
    static constexpr std::size_t calls_of_one_max = 256;
    static constexpr std::size_t body_bytes_max = 4'096;
    static constexpr std::int64_t keep_ms = limits::idempotency_keep_ms;

    struct Found {
        enum class Kind : std::uint8_t {
            fresh,     ///< unknown: the caller must call finish() or drop()
            answered,  ///< `status` and `body` are set
            other,     ///< the key was used for another call
            running,   ///< the first call has not been answered yet
            lost,      ///< it was answered, but the response was not kept
        };
        Kind kind = Kind::fresh;
        int status = 0;
        std::string body = {};
    };

    /// Begins a call of `who` with `key`. `call` is everything that identifies the call.
    [[nodiscard]] Found begin(std::string_view who, std::string_view key, std::string_view call,
                              std::int64_t now_ms);
    /// Stores the response to a call that was `fresh`. REQUIRES: no secret in `body`.
    void finish(std::string_view who, std::string_view key, int status, std::string body);
    /// Frees the key of a call that created nothing.
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
    using Entries = std::list<Entry>;  // in the order in which they began

    [[nodiscard]] static token::Digest id_of(std::string_view who, std::string_view key);
    void forget(Entries::iterator entry);
    void reserve_space(const token::Digest& who, std::int64_t now_ms);

    mutable std::mutex mutex_;
    Entries entries_;  // guarded by mutex_, as is by_id_
    std::unordered_map<token::Digest, Entries::iterator, SeededHash> by_id_;
};

}  // namespace hourgate::http
