// A body in chunks: the first byte says how it is cut while it arrives and how much of it is taken.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include "fuzz/fuzz.h"
#include "http/wire/chunked.h"

using namespace hourgate;
using http::ChunkedBody;
using State = http::ChunkedBody::State;

namespace {

struct Taken {
    State state = State::more;
    std::string body;
    std::string rest;  // what was left alone
};

/// `step`: bytes that arrive at a time.
Taken take(std::string_view bytes, std::size_t bytes_max, std::size_t step) {
    ChunkedBody chunks(bytes_max);
    Taken taken;
    std::string_view rest = bytes;
    while (taken.state == State::more && !rest.empty()) {
        std::string_view part = rest.substr(0, step);
        const std::size_t given = part.size();
        taken.state = chunks.take(part, taken.body);
        HOURGATE_LAW(taken.state != State::more || part.empty());
        rest.remove_prefix(given - part.size());
    }
    taken.rest = rest;
    return taken;
}

std::string in_chunks(std::string_view body, std::size_t step) {
    std::string text;
    for (; !body.empty(); body.remove_prefix(std::min(step, body.size()))) {
        const std::string_view part = body.substr(0, step);
        std::array<char, 24> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", part.size());
        text += size.data() + std::string(part) + "\r\n";
    }
    return text + "0\r\n\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t how = input.byte();
    const std::string_view bytes = input.rest();
    const std::size_t step = 1U + how % 16U;
    constexpr std::array<std::size_t, 4> most = {0, 7, 64, 65'536};
    const std::size_t bytes_max = most[how / 16U % 4U];

    const Taken at_once = take(bytes, bytes_max, std::max<std::size_t>(1, bytes.size()));
    const Taken cut = take(bytes, bytes_max, step);
    HOURGATE_LAW(at_once.state == cut.state);
    if (at_once.state != State::malformed && at_once.state != State::too_large) {
        HOURGATE_LAW(at_once.body == cut.body && at_once.rest == cut.rest);
        HOURGATE_LAW(at_once.body.size() <= bytes_max);
    }
    if (at_once.state != State::complete)
        return 0;
    HOURGATE_LAW(at_once.rest.empty() || bytes.ends_with(at_once.rest));
    const Taken again = take(in_chunks(at_once.body, step) + at_once.rest, bytes_max, step);
    HOURGATE_LAW(again.state == State::complete && again.body == at_once.body &&
                 again.rest == at_once.rest);
    return 0;
}
