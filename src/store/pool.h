// One copy of what many remembered tokens have in common: their member, their workspace.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/seeded_hash.h"

namespace hourgate::store {

/// T has an `id` and can be compared. Any thread. Holds nothing alive itself.
template <typename T>
class Pool {
public:
    /// The copy others have of the same value; else this one.
    [[nodiscard]] std::shared_ptr<const T> share(T value) {
        const std::lock_guard lock(mutex_);
        std::weak_ptr<const T>& known = known_[value.id];
        std::shared_ptr<const T> shared = known.lock();
        if (!shared || *shared != value) {
            // Not make_shared: what is weakly known must not keep the memory.
            shared = std::shared_ptr<const T>(new T(std::move(value)));
            known = shared;
        }
        if (known_.size() >= sweep_at_) {
            std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
            sweep_at_ = std::max(sweep_at_min, 2 * known_.size());
        }
        return shared;
    }

private:
    static constexpr std::size_t sweep_at_min = 1'024;

    std::mutex mutex_;
    // Guarded by mutex_.
    std::unordered_map<std::int64_t, std::weak_ptr<const T>, SeededHash> known_;
    std::size_t sweep_at_ = sweep_at_min;
};

}  // namespace hourgate::store
