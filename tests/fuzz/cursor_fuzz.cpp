// Cursors of lists: the first line is a list, the second a text that may be a cursor of it, and two
// numbers follow.
#include <string>

#include "fuzz/fuzz.h"
#include "http/manage/cursor.h"
#include "token/seal.h"

using namespace hourgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view key = "0123456789abcdef0123456789abcdef";
    constexpr std::string_view other_key = "0123456789abcdef0123456789abcdeF";
    fuzz::Input input(data, size);
    const std::string list(input.line());
    const std::string_view text = input.line();
    manage::Position position;
    position.major = static_cast<std::int64_t>(input.number(8));
    position.minor = static_cast<std::int64_t>(input.number(8));

    // What opens was sealed.
    if (const auto read = http::read_cursor(text, list, key)) {
        HOURGATE_LAW(http::write_cursor(*read, list, key) == text);
        HOURGATE_LAW(!http::read_cursor(text, list, other_key));
    }

    const std::string cursor = http::write_cursor(position, list, key);
    HOURGATE_LAW(http::read_cursor(cursor, list, key) == position);
    HOURGATE_LAW(!http::read_cursor(cursor, list, other_key));
    HOURGATE_LAW(!http::read_cursor(cursor, list + "x", key));
    HOURGATE_LAW(!http::read_cursor(cursor, "", key) || list.empty());
    HOURGATE_LAW(!http::read_cursor(cursor + "0", list, key));
    std::string changed = cursor;
    char& c = changed[static_cast<std::uint64_t>(position.minor) % changed.size()];
    for (const int bits : {1, 0x20}) {
        c = static_cast<char>(c ^ bits);
        HOURGATE_LAW(!http::read_cursor(changed, list, key));
        c = static_cast<char>(c ^ bits);
    }

    // A seal is of the bytes, however they come.
    token::Sealing at_once(key), cut(key);
    at_once.add(text);
    cut.add(text.substr(0, text.size() / 2));
    cut.add(text.substr(text.size() / 2));
    HOURGATE_LAW(at_once.seal() == cut.seal());
    cut.add("x");
    HOURGATE_LAW(at_once.seal() != cut.seal());
    return 0;
}
