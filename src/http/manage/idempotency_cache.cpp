#include "http/manage/idempotency_cache.h"

#include <iterator>
#include <utility>

namespace hourgate::http {

token::Digest IdempotencyCache::id_of(std::string_view who, std::string_view key) {
    return token::digest_of(std::string(who) + "\n" + std::string(key));
}

void IdempotencyCache::forget(Entries::iterator entry) {
    by_id_.erase(entry->id);
    entries_.erase(entry);
}

/// Evicts what is too old. If there are still too many, also evicts the oldest answered one of this
/// caller, or of all. Running calls stay; there are no more of them than workers.
void IdempotencyCache::reserve_space(const token::Digest& who, std::int64_t now_ms) {
    std::size_t of_one = 0;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto next = std::next(entry);
        const bool running = entry->kind == Found::Kind::running;
        if (!running && entry->at_ms <= now_ms - keep_ms)
            forget(entry);
        else
            of_one += entry->who == who ? 1U : 0U;
        entry = next;
    }
    const bool full = entries_.size() >= calls_max;
    if (!full && of_one < calls_of_one_max)
        return;
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        if (entry->kind == Found::Kind::running || (!full && entry->who != who))
            continue;
        forget(entry);
        return;
    }
}

IdempotencyCache::Found IdempotencyCache::begin(std::string_view who, std::string_view key,
                                                std::string_view call, std::int64_t now_ms) {
    const token::Digest id = id_of(who, key), digest = token::digest_of(call);
    const token::Digest caller = token::digest_of(who);
    const std::lock_guard lock(mutex_);
    reserve_space(caller, now_ms);
    const auto known = by_id_.find(id);
    if (known == by_id_.end()) {
        entries_.push_back({id, caller, digest, now_ms, Found::Kind::running, 0, {}});
        by_id_.emplace(id, std::prev(entries_.end()));
        return {};
    }
    const Entry& entry = *known->second;
    if (entry.call != digest)
        return {Found::Kind::other};
    return {entry.kind, entry.status, entry.body};
}

void IdempotencyCache::finish(std::string_view who, std::string_view key, int status,
                              std::string body) {
    const std::lock_guard lock(mutex_);
    const auto known = by_id_.find(id_of(who, key));
    if (known == by_id_.end())
        return;
    Entry& entry = *known->second;
    const bool kept = body.size() <= body_bytes_max;
    entry.kind = kept ? Found::Kind::answered : Found::Kind::lost;
    entry.status = status;
    entry.body = kept ? std::move(body) : std::string();
}

void IdempotencyCache::drop(std::string_view who, std::string_view key) {
    const std::lock_guard lock(mutex_);
    if (const auto known = by_id_.find(id_of(who, key)); known != by_id_.end())
        forget(known->second);
}

std::size_t IdempotencyCache::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace hourgate::http
