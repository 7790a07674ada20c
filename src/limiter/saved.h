// How counters are written down so that another process can continue with them. A number takes
// seven bits a byte, the low ones first; byte strings follow as they are. The reader accepts any
// bytes and checks each value.
// Does not know files, and does not detect changes (ops/state_file.h does both).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hourgate {

/// The time of a limiter: CLOCK_BOOTTIME, plus the time that passed on earlier boots if it
/// continues with their counters. So instants that were counted keep their meaning.
struct Timeline {
    std::int64_t since_us = 0;  ///< calls that come earlier are counted as of this instant
    std::int64_t ahead_us = 0;  ///< added to CLOCK_BOOTTIME; not negative
};

/// Receives counters in pieces of limits::state_piece_bytes or a little more. Returns false to
/// stop.
using SavedSink = std::function<bool(std::string_view piece)>;

inline void put_number(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
}

inline void put_instant(std::string& out, std::int64_t at_us) {
    put_number(out, static_cast<std::uint64_t>(at_us));
}

/// Reads what the put functions wrote. After the first invalid value it has failed for good, and
/// returns zeros and empty text.
class SavedReader {
public:
    explicit SavedReader(std::string_view bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    void fail() noexcept {
        failed_ = true;
        rest_ = {};
    }

    /// Reads a number of at most `max`.
    std::uint64_t number(std::uint64_t max) noexcept {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            const std::uint64_t bits = byte & 0x7FU;
            if (bits << shift >> shift != bits)
                break;  // more than 64 bits
            value |= bits << shift;
            if (byte < 0x80) {
                if (value <= max)
                    return value;
                break;
            }
        }
        fail();
        return 0;
    }
    std::uint32_t small(std::uint32_t max) noexcept {
        return static_cast<std::uint32_t>(number(max));
    }
    /// Reads an instant or a duration of at most `max_us`. REQUIRES: max_us is not negative.
    std::int64_t instant(std::int64_t max_us) noexcept {
        return static_cast<std::int64_t>(number(static_cast<std::uint64_t>(max_us)));
    }
    std::string_view bytes(std::size_t count) noexcept {
        if (count > rest_.size()) {
            fail();
            return {};
        }
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

private:
    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace hourgate
