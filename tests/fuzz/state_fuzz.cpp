// The limiters' state file. The first byte says what the rest is: the file as it lies, or, with a
// seal that fits, what is in it (so that what stands behind the seal is reached, too): parts, each
// a byte, two bytes of size and a piece.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "fuzz/fuzz.h"
#include "limiter/limiter.h"
#include "ops/counter_keeper.h"
#include "ops/log.h"
#include "ops/state_file.h"
#include "support/temp_folder.h"

using namespace hourgate;
using ops::StateFile;
using ops::StatePart;

namespace {

constexpr std::string_view key = "0123456789abcdef0123456789abcdef";
const std::string boot_id = "aaaaaaaa-0000-4000-8000-000000000000";
constexpr std::int64_t until_us = 86'400 * us_per_s;
constexpr std::array<std::uint8_t, 9> address = {4, 192, 0, 2, 1};

const std::vector<Window> plan = {{"burst", 2, 60, Per::token},
                                  {"day", 3'000, 3'600, Per::token},
                                  {"team", 5'000, 600, Per::workspace}};

class ToldClock final : public Clock {
public:
    [[nodiscard]] Now now() const noexcept override { return {boot_us, 1'795'000'000'000}; }
    std::int64_t boot_us = until_us;
};

/// What a server has of it.
struct Life {
    explicit Life(const std::string& path)
        : fd(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
          log(fd),
          keeper({path, std::string(key), boot_id},
                 {limiter, own, failures, public_calls, preflights}, clock, log) {
        keeper.load();
    }
    ~Life() { ::close(fd); }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    [[nodiscard]] bool is_fresh() const {
        return limiter.entries() + own.entries() + failures.entries() + public_calls.entries() +
                   preflights.entries() ==
               0;
    }
    /// What each of a few callers is told, and is left with.
    [[nodiscard]] std::vector<Room> ask_all() {
        std::vector<Room> rooms;
        for (std::int64_t line = -1; line < 3; ++line) {
            rooms.push_back(limiter.ask({line, 0, 7}, plan, clock.now(), Spend::yes));
            rooms.push_back(own.ask({line, 0, 1}, {plan.data(), 1}, clock.now(), Spend::yes));
        }
        rooms.push_back(failures.ask(address, clock.now(), Spend::yes));
        rooms.push_back(public_calls.ask(address, clock.now(), Spend::yes));
        rooms.push_back(preflights.ask(address, clock.now(), Spend::yes));
        return rooms;
    }

    const int fd;
    ToldClock clock;
    ops::Log log;
    Limiter limiter, own;
    AddressLimiter failures{{"failures", 10, 60, Per::token}};
    AddressLimiter public_calls{{"public", 4, 60, Per::token}};
    AddressLimiter preflights{{"public", 4, 60, Per::token}};
    ops::CounterKeeper keeper;
};

bool same(const Room& a, const Room& b) {
    return a.granted == b.granted && a.retry_after_s == b.retry_after_s && a.full == b.full &&
           a.count == b.count && a.states == b.states;
}

using Pieces = std::vector<std::pair<StatePart, std::string>>;

void write_sealed(const std::string& path, fuzz::Input& input, Pieces& pieces) {
    ops::StateFileWriter draft(path, key, boot_id);
    while (!input.empty()) {
        constexpr std::array parts = {StatePart::limiter, StatePart::urgent, StatePart::failures,
                                      StatePart::public_calls, StatePart::own};
        const StatePart part = parts[input.byte() % parts.size()];
        const std::string piece(input.take(input.number(2)));
        HOURGATE_LAW(draft.add(part, piece).ok());
        pieces.emplace_back(part, piece);
    }
    HOURGATE_LAW(draft.place(until_us, 0).ok());
}

/// A file that is whole says what was written, and nothing else.
void check_file(const std::string& path, const Pieces& pieces) {
    const auto file = StateFile::open(path, key);
    HOURGATE_LAW(file.ok() && file.value().has_value());
    HOURGATE_LAW(file.value()->saved().until_us == until_us);
    HOURGATE_LAW(file.value()->saved().boot_id == boot_id);
    Pieces found;
    HOURGATE_LAW(file.value()
                     ->read([&](StatePart part, std::string_view piece) {
                         found.emplace_back(part, piece);
                         return true;
                     })
                     .ok());
    HOURGATE_LAW(found == pieces);
}

/// Whether the limiters, each alone, take all of it.
bool are_counters(const Pieces& pieces) {
    const Timeline time{until_us, 0};
    Limiter limiter(time), own(time);
    AddressLimiter failures({"failures", 10, 60, Per::token}, time);
    AddressLimiter public_calls({"public", 4, 60, Per::token}, time);
    AddressLimiter preflights({"public", 4, 60, Per::token}, time);
    for (const auto& [part, piece] : pieces) {
        const bool taken = part == StatePart::limiter      ? limiter.load(piece)
                           : part == StatePart::own        ? own.load(piece)
                           : part == StatePart::failures   ? failures.load(piece)
                           : part == StatePart::preflights ? preflights.load(piece)
                           : part == StatePart::urgent     ? true  // of an earlier version
                                                           : public_calls.load(piece);
        if (!taken)
            return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const test::TempFolder folder;
    static const std::string path = folder.file("hourgate.state");
    fuzz::Input input(data, size);
    Pieces pieces;
    const bool sealed = input.byte() % 2U == 1;
    if (sealed)
        write_sealed(path, input, pieces);
    else
        test::write_bytes(path, std::string(input.rest()));
    bool taken = false;
    if (sealed) {
        check_file(path, pieces);
        taken = are_counters(pieces);
    } else {
        const auto file = StateFile::open(path, key);
        taken = file.ok() && file.value().has_value();
        HOURGATE_LAW(taken || !file.failure().what.empty());
    }
    Life life(path);
    if (!taken) {  // a file that is refused leaves nothing behind
        HOURGATE_LAW(life.is_fresh());
        Life other(folder.file("none"));
        const auto rooms = life.ask_all(), expected = other.ask_all();
        for (std::size_t at = 0; at < rooms.size(); ++at)
            HOURGATE_LAW(same(rooms[at], expected[at]));
        return 0;
    }
    // What was taken can be saved, and says the same to a limiter that starts with it.
    life.keeper.save(true);
    HOURGATE_LAW(life.keeper.failures() == 0);
    Life next(path);
    const auto rooms = life.ask_all(), again = next.ask_all();
    for (std::size_t at = 0; at < rooms.size(); ++at)
        HOURGATE_LAW(same(rooms[at], again[at]));
    // Nothing is locked up: once its time has passed, every window has room.
    life.clock.boot_us += 3'601 * us_per_s;
    for (const Room& room : life.ask_all())
        HOURGATE_LAW(room.granted);
    return 0;
}
