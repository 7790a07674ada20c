// A TOML file as plain data: what was written, and on which line. document.cpp is the only file
// that includes toml++, which takes long to compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hourgate::config {

constexpr std::size_t file_bytes_max = 1U << 20U;

/// One value. A table has its members as named children, a list its items.
struct Node {
    enum class Kind : std::uint8_t { table, list, text, whole, truth, other };

    Kind kind = Kind::table;
    int line = 0;            ///< counted from 1; 0: nowhere in the file
    std::string name;        ///< of a member of a table
    std::string text;        ///< kind text: the value; kind other: what it is, as in "a date"
    std::int64_t whole = 0;  ///< kind whole
    bool truth = false;      ///< kind truth
    std::vector<Node> children;

    [[nodiscard]] const Node* find(std::string_view member) const noexcept;  ///< null when absent
};

/// "a text", "a whole number", "a list", …: for messages.
[[nodiscard]] std::string_view name_of(Node::Kind kind) noexcept;
[[nodiscard]] std::string_view name_of(const Node& node) noexcept;

/// Parses TOML 1.0. Failure::config is "FILE:LINE: what": not UTF-8, a NUL, over file_bytes_max, a
/// line over 16 KiB, or what toml++ says of the syntax. Values more than eight levels deep are left
/// out: no key is there.
///
/// A value that only lacks quotes (public = 127.0.0.1:8402) is put into `unquoted` as a mistake,
/// and read as if it had them, so that what follows it is read, too. At most mistakes_max of them.
struct Unquoted {
    int line = 0;
    std::string what;  ///< as in a failure
};
constexpr std::size_t mistakes_max = 20;
[[nodiscard]] Result<Node> read_toml(std::string_view text, const std::string& file,
                                     std::vector<Unquoted>& unquoted);

}  // namespace hourgate::config
