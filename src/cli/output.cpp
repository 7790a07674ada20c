#include "cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/secret.h"
#include "base/text.h"
#include "base/visible.h"
#include "cli/terminal.h"
#include "token/format.h"

namespace hourgate::cli {

namespace {

/// Returns false on failure; see errno.
bool write_all(int fd, std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Ignores a failure, which could not be reported to anybody.
void complain(std::string_view text) noexcept {
    static_cast<void>(write_all(STDERR_FILENO, text));
}

std::string dump(const nlohmann::ordered_json& json) {
    return visible_json(
               json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) +
           "\n";
}

enum class Colour : std::uint8_t { red = 31, yellow = 33 };

/// Returns `text` in a colour, if standard error is a terminal that wants colours.
std::string coloured(std::string_view text, Colour colour) {
    if (!wants_colour(STDERR_FILENO))
        return std::string(text);
    return "\x1b[1;" + std::to_string(static_cast<int>(colour)) + "m" + std::string(text) +
           "\x1b[0m";
}

}  // namespace

namespace {

/// Returns 0, or the errno of the failed write.
int printed(std::string_view text) {
    std::string shown = visible(text);
    const int error = write_all(STDOUT_FILENO, shown) ? 0 : errno;
    wipe(shown);
    return error;
}

}  // namespace

Status Output::print_found(std::string_view text) const {
    const int error = printed(text);
    if (error == 0 || error == EPIPE)
        return Done{};
    return Failure{Fault::system,
                   std::string("what was found could not be printed: ") + std::strerror(error),
                   "see that the disk is not full; nothing was changed"};
}

bool Output::is_for_people() const noexcept {
    return form_ == Form::plain && is_terminal(STDOUT_FILENO);
}

Status Output::print(std::string_view text) const {
    const int error = printed(text);
    if (error == 0)
        return Done{};
    return Failure{
        Fault::system, std::string("what was done could not be printed: ") + std::strerror(error),
        "the command itself is done; look at the result with a `list` or `show` command, "
        "and revoke a token that nobody has seen"};
}

void Output::warn(std::string_view what) const noexcept {
    const std::string told = token::blotted(hints_.in(what));
    if (form_ == Form::plain)
        complain(coloured("hourgate: warning:", Colour::yellow) + " " + visible_line(told) + "\n");
    else
        complain(dump({{"warning", {{"message", told}}}}));
}

void Output::note(std::string_view what) const noexcept {
    if (form_ == Form::plain)
        complain(visible_line(token::blotted(hints_.in(what))) + "\n");
}

void Output::fail(const Failure& failure, std::string_view config) const noexcept {
    // A message repeats a wrong argument, which may have been a token.
    const std::string what = token::blotted(failure.what);
    const std::string next = token::blotted(hints_.in(failure.next));
    if (form_ == Form::json) {
        nlohmann::ordered_json error = {
            {"code", code_of(failure.fault)}, {"message", what}, {"next", next}};
        if (!failure.reason.empty())
            error["reason"] = failure.reason;
        if (what.find('\n') != std::string::npos)
            for (const std::string_view line : split(what, '\n'))
                error["mistakes"].push_back(line);
        if (!config.empty())
            error["config"] = config;
        complain(dump({{"error", error}}));
        return;
    }
    std::string text;
    // Only a configuration has several mistakes. In other failures, a line end is part of a name.
    const auto lines =
        failure.fault == Fault::config ? split(what, '\n') : std::vector<std::string_view>{what};
    for (const std::string_view line : lines)
        text.append(coloured("hourgate:", Colour::red) + " ")
            .append(visible_line(line))
            .append("\n");
    if (!next.empty())
        text += "  next: " + visible_line(next) + "\n";
    if (!config.empty())
        text.append("  config: ").append(visible_line(config)).append("\n");
    complain(text);
}

void Output::progress(std::string_view line) const noexcept {
    if (!is_terminal(STDERR_FILENO))
        return;
    complain("\r\x1b[K" + visible_line(line));
}

std::string_view code_of(Fault fault) noexcept {
    switch (fault) {
        case Fault::usage:
            return "usage";
        case Fault::not_found:
            return "not_found";
        case Fault::conflict:
            return "conflict";
        case Fault::forbidden:
            return "forbidden";
        case Fault::full:
            return "full";
        case Fault::config:
            return "config";
        case Fault::store:
            return "store";
        case Fault::permission:
            return "permission";
        case Fault::system:
            return "system";
    }
    return "system";
}

int exit_code_of(const Failure& failure) noexcept {
    return failure.fault == Fault::usage ? 2 : 1;
}

std::string lines_of(const Pairs& pairs) {
    std::size_t width = 0;
    for (const auto& [key, value] : pairs)
        width = std::max(width, key.size());
    std::string out;
    for (const auto& [key, value] : pairs)
        out += key + std::string(width - key.size() + 2, ' ') +
               (value.empty() ? "-" : visible_line(value)) + "\n";
    return out;
}

std::string columns_of(std::vector<std::vector<std::string>> rows) {
    for (auto& row : rows)
        for (std::string& cell : row)
            cell = visible_line(cell);
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t at = 0; at < row.size(); ++at)
            widths[at] = std::max(widths[at], std::max<std::size_t>(terminal_columns(row[at]), 1));
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t at = 0; at < row.size(); ++at) {
            const std::string cell = row[at].empty() ? "-" : row[at];
            line += cell;
            if (at + 1 < row.size())
                line.append(widths[at] - terminal_columns(cell) + 2, ' ');
        }
        out += line + "\n";
    }
    return out;
}

}  // namespace hourgate::cli
