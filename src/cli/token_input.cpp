#include "cli/token_input.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/limits.h"
#include "base/text.h"

namespace hourgate::cli {

namespace {

constexpr std::size_t token_bytes_max = limits::head_line_bytes_max;

Result<Secret> read_from_terminal() {
    char* typed = ::getpass("token (not shown; empty: none): ");
    if (typed == nullptr)
        return Failure{Fault::system,
                       std::string("the token could not be read: ") + std::strerror(errno),
                       "send it to standard input, as in `hourgate check GET /path < FILE`"};
    std::string text(typed);
    explicit_bzero(typed, text.size());
    return Secret(std::move(text));
}

Result<Secret> read_from_file() {
    std::string text(token_bytes_max + 1, '\0');
    std::size_t used = 0;
    while (used < text.size()) {
        const ssize_t count = ::read(STDIN_FILENO, text.data() + used, text.size() - used);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            wipe(text);
            return Failure{Fault::system,
                           std::string("standard input could not be read: ") + std::strerror(errno),
                           "send the token there, or nothing with `< /dev/null`"};
        }
        if (count == 0)
            break;
        used += static_cast<std::size_t>(count);
    }
    text.resize(used);
    return Secret(std::move(text));
}

}  // namespace

Result<Secret> read_token() {
    auto read = ::isatty(STDIN_FILENO) != 0 ? read_from_terminal() : read_from_file();
    if (!read)
        return read;
    std::string_view text = read.value().reveal();
    if (text.size() > token_bytes_max || !is_utf8(text))
        return Failure{Fault::usage, "standard input holds no token",
                       "send the token alone, as in `hourgate check GET /path < FILE`"};
    for (const char end : {'\n', '\r'})
        if (text.ends_with(end))
            text.remove_suffix(1);
    return Secret(std::string(text));
}

}  // namespace hourgate::cli
