// The gate's Directory over SQLite: facts per prefix, cached, and good only while the version of
// the directory is known. A reading of the version is good for limits::lease_us from the instant
// before it was read; a thread that decides after that reads it again (one thread reads, others
// wait). On a new version only rows with a higher stamp are looked at. No polling thread, no write,
// no lock shared with writers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "gate/directory.h"

namespace hourgate::store {

class LeasedDirectory final : public Directory {
public:
    /// Opens its read connections. The clock gives the instant before each reading.
    [[nodiscard]] static Result<std::unique_ptr<LeasedDirectory>> open(const std::string& path,
                                                                       const Clock& clock);
    ~LeasedDirectory() override;

    [[nodiscard]] Found find(std::string_view prefix, Now now) override;
    [[nodiscard]] Found find_in_memory(std::string_view prefix, Now now) noexcept override;
    /// Half a lease before it ends.
    [[nodiscard]] bool refresh_due(Now now) noexcept override;
    void refresh() noexcept override;
    void simulate_lookup(std::string_view prefix) noexcept override;

    /// A change was committed in this process: after this returns it is in force for every request
    /// received from then on. The version is read here, by the thread that made the change, so that
    /// no decision waits for it; when it cannot be read, the next decision has to.
    void catch_up() noexcept;

    /// Forgets some remembered tokens that no call needs: those that have ended, and those that
    /// changed since they were read. Each call looks at a few of every shard; called again and
    /// again it comes round. Any thread.
    void sweep(Now now) noexcept;

    /// Whether the database answers now; for readyz. Makes one reading of the version.
    [[nodiscard]] bool ready() noexcept;

    /// Counts since start, for metrics and tests.
    struct Counts {
        std::uint64_t hits = 0;      ///< answered from memory
        std::uint64_t look_ups = 0;  ///< rows read by prefix, in vain ones included
        std::uint64_t version_reads = 0;
        std::uint64_t failures = 0;
        std::uint64_t reloads = 0;    ///< remembered, and read again: something of theirs changed
        std::uint64_t evictions = 0;  ///< forgotten, to make room for others
        std::size_t entries = 0;      ///< prefixes remembered
    };
    [[nodiscard]] Counts counts() const noexcept;

private:
    struct State;
    explicit LeasedDirectory(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::store
