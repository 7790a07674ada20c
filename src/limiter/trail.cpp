#include "limiter/trail.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"

namespace hourgate {
namespace {

constexpr std::uint32_t coded_bytes_max = 16;  // a 64-bit and a 32-bit number, seven bits a byte

std::uint8_t* put(std::uint8_t* out, std::uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7) {
        *out++ = static_cast<std::uint8_t>(value | 0x80);
    }
    *out++ = static_cast<std::uint8_t>(value);
    return out;
}

std::uint64_t get(const std::uint8_t*& in) noexcept {
    std::uint64_t value = *in & 0x7FU;
    for (unsigned shift = 7; (*in++ & 0x80U) != 0; shift += 7) {
        value |= static_cast<std::uint64_t>(*in & 0x7FU) << shift;
    }
    return value;
}

}  // namespace

Trail::Trail(Grain grain, std::uint32_t horizon_s) noexcept
    : horizon_s_(horizon_s), grain_(grain) {}

std::int64_t Trail::step_us() const noexcept {
    return grain_ == Grain::instant ? 0 : horizon_us() / limits::sub_windows;
}

bool Trail::idle(std::int64_t now_us) const noexcept {
    return start_.calls == 0 || newest_us_ + horizon_us() <= now_us;
}

Trail::Coded Trail::read(const TrailPosition& mark) const noexcept {
    if (mark.position == end_) {
        return {{newest_us_, open_calls_}, end_};
    }
    const std::uint8_t* const from = bytes_.get() + (mark.position - begin_);
    const std::uint8_t* in = from;
    const std::uint64_t head = get(in);
    const std::uint32_t calls = (head & 1) == 0 ? 1 : static_cast<std::uint32_t>(get(in));
    return {{mark.before_us + static_cast<std::int64_t>(head >> 1), calls},
            mark.position + static_cast<std::uint32_t>(in - from)};
}

Run Trail::age(TrailPosition& mark, std::int64_t window_us, std::uint32_t limit,
               std::int64_t now_us) const noexcept {
    while (mark.calls != 0) {
        const Coded front = read(mark);
        const std::uint32_t behind = mark.calls - front.run.calls;
        if (front.run.at_us + window_us > now_us && behind < limit) {
            return front.run;
        }
        mark = {front.run.at_us, front.next, behind};
    }
    return {};
}

void Trail::forget(std::int64_t now_us) noexcept {
    age(start_, horizon_us(), calls_max(grain_), now_us);
}

void Trail::add(std::int64_t at_us, std::uint32_t calls) {
    HOURGATE_CHECK(at_us >= newest_us_);
    // The bound on a run keeps every count far below the maximum of 32 bits.
    const bool joins = start_.calls != 0 && at_us - opened_us_ <= step_us() &&
                       open_calls_ + calls <= limits::window_calls_max;
    if (!joins) {
        if (start_.calls != 0) {
            seal();  // otherwise no position refers to it any more
        }
        sealed_us_ = newest_us_;
        opened_us_ = at_us;
        open_calls_ = 0;
    }
    newest_us_ = at_us;
    open_calls_ += calls;
    count(start_, calls);
}

void Trail::count(TrailPosition& mark, std::uint32_t calls) const noexcept {
    if (mark.calls == 0) {
        mark = {sealed_us_, end_, 0};
    }
    mark.calls += calls;
}

void Trail::seal() {
    if (end_ - begin_ + coded_bytes_max > capacity_) {
        reallocate(std::max(capacity_, ample_bytes()));
    }
    const bool many = open_calls_ != 1;
    const auto passed_us = static_cast<std::uint64_t>(newest_us_ - sealed_us_);
    std::uint8_t* const from = bytes_.get() + (end_ - begin_);
    std::uint8_t* out = put(from, passed_us << 1 | static_cast<std::uint64_t>(many));
    if (many) {
        out = put(out, open_calls_);
    }
    end_ += static_cast<std::uint32_t>(out - from);
}

std::uint32_t Trail::live_bytes() const noexcept {
    return start_.calls == 0 ? 0 : end_ - start_.position;
}

/// Returns a capacity that leaves an eighth free, so that live bytes are rarely copied.
std::uint32_t Trail::ample_bytes() const noexcept {
    const std::uint32_t live = live_bytes();
    return live + live / 8 + coded_bytes_max;
}

/// Keeps only the live bytes, at the beginning of a buffer of `capacity` bytes.
void Trail::reallocate(std::uint32_t capacity) {
    const std::uint32_t live = live_bytes();
    const std::uint8_t* const from = bytes_.get() + (end_ - begin_ - live);
    if (capacity == capacity_) {
        std::memmove(bytes_.get(), from, live);
    } else {
        auto moved = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
        std::copy_n(from, live, moved.get());
        bytes_ = std::move(moved);
        capacity_ = capacity;
    }
    begin_ = end_ - live;
}

void Trail::shrink() {
    if (live_bytes() == 0) {
        bytes_.reset();
        capacity_ = 0;
        begin_ = end_;
    } else if (capacity_ > 2 * ample_bytes()) {
        reallocate(ample_bytes());
    }
}

void Trail::save(std::string& out) const {
    out.push_back(static_cast<char>(grain_));
    put_number(out, horizon_s_);
    if (start_.calls == 0) {
        put_number(out, 0);
        return;
    }
    const std::uint32_t live = live_bytes();
    put_number(out, open_calls_);
    put_instant(out, start_.before_us);
    put_number(out, live);
    out.append(reinterpret_cast<const char*>(bytes_.get()) + (end_ - begin_ - live), live);
    put_instant(out, newest_us_ - sealed_us_);
    put_instant(out, newest_us_ - opened_us_);
}

Trail Trail::load(SavedReader& in, std::int64_t until_us) {
    const auto grain = static_cast<Grain>(in.small(static_cast<std::uint32_t>(Grain::sub_window)));
    Trail trail(grain, in.small(limits::window_seconds_max));
    trail.open_calls_ = in.small(limits::window_calls_max);
    if (trail.open_calls_ != 0) {
        trail.start_.before_us = in.instant(until_us);
        trail.load_coded(in, until_us);
        trail.newest_us_ = trail.sealed_us_ + in.instant(until_us - trail.sealed_us_);
        const std::int64_t open_us =
            in.instant(std::min(trail.newest_us_ - trail.sealed_us_, trail.step_us()));
        trail.opened_us_ = trail.newest_us_ - open_us;
        trail.start_.calls += trail.open_calls_;
    }
    if (trail.horizon_s_ == 0) {
        in.fail();
    }
    return trail;
}

/// Reads the coded runs and checks each of them, since read() trusts them.
void Trail::load_coded(SavedReader& in, std::int64_t until_us) {
    const std::uint32_t live = in.small(limits::state_piece_bytes_max);
    const std::string_view coded = in.bytes(live);
    SavedReader runs(coded);
    sealed_us_ = start_.before_us;
    while (!runs.at_end()) {
        const std::uint64_t head = runs.number(UINT64_MAX);
        const std::uint32_t calls = (head & 1) == 0 ? 1 : runs.small(limits::window_calls_max);
        if (runs.failed() || calls == 0 || start_.calls > 2 * limits::window_calls_max ||
            head >> 1 > static_cast<std::uint64_t>(until_us - sealed_us_)) {
            in.fail();
            return;
        }
        sealed_us_ += static_cast<std::int64_t>(head >> 1);
        start_.calls += calls;
    }
    if (runs.failed()) {
        in.fail();
    } else if (!coded.empty()) {
        capacity_ = live;
        end_ = live;
        bytes_ = std::make_unique_for_overwrite<std::uint8_t[]>(capacity_);
        std::memcpy(bytes_.get(), coded.data(), coded.size());
    }
}

Trail Trail::joined(Grain grain, std::uint32_t horizon_s, std::span<const Trail> finest_first,
                    std::int64_t now_us) {
    Trail result(grain, horizon_s);
    std::vector<Run> runs;  // oldest first
    std::uint32_t known = 0;
    for (const Trail& source : finest_first) {
        TrailPosition mark = source.start();
        source.age(mark, result.horizon_us(), calls_max(grain), now_us);
        if (mark.calls <= known) {
            continue;
        }
        // The calls that only this source knows are older than all found so far.
        std::vector<Run> older;
        for (std::uint32_t more = mark.calls - known; more != 0; more -= older.back().calls) {
            const Coded front = source.read(mark);
            const std::int64_t at_us =
                runs.empty() ? front.run.at_us : std::min(front.run.at_us, runs.front().at_us);
            older.push_back({at_us, std::min(front.run.calls, more)});
            known += older.back().calls;
            mark = {front.run.at_us, front.next, mark.calls - front.run.calls};
        }
        runs.insert(runs.begin(), older.begin(), older.end());
    }
    for (const Run& run : runs) {
        result.add(run.at_us, run.calls);
    }
    return result;
}

}  // namespace hourgate
