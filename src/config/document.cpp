#include "config/document.h"

// Only the parser is needed. One that reports errors as exceptions, which end in read_toml().
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "base/text.h"

namespace hourgate::config {

namespace {

constexpr int levels_max = 8;
constexpr std::size_t message_bytes_max = 400;
/// Tables nest in tables by dots, and toml++ follows them by recursion: more in one key than any
/// line of a configuration has would end the program.
constexpr std::size_t line_bytes_max = 16'384;

Failure off(const std::string& file, int line, std::string_view what) {
    const std::string place = line > 0 ? file + ":" + std::to_string(line) : file;
    return Failure{Fault::config, place + ": " + std::string(what), {}};
}

/// What toml++ would say too, but unclearly or not at all.
std::optional<Failure> check_bytes(std::string_view text, const std::string& file) {
    if (text.size() > file_bytes_max)
        return off(file, 0, "is over 1 MiB, the most a file may have");
    int line = 1;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view bytes = text.substr(0, end);
        if (bytes.find('\0') != bytes.npos)
            return off(file, line, "has a NUL byte");
        if (!is_utf8(bytes))
            return off(file, line, "is not UTF-8");
        if (bytes.size() > line_bytes_max)
            return off(file, line, "is a line over 16 KiB; break a long list after its commas");
        if (end == text.npos)
            break;
        text.remove_prefix(end + 1);
        ++line;
    }
    return std::nullopt;
}

std::string_view name_of_other(toml::node_type type) noexcept {
    switch (type) {
        case toml::node_type::floating_point:
            return "a number with a fraction";
        case toml::node_type::date:
            return "a date";
        case toml::node_type::time:
            return "a time";
        case toml::node_type::date_time:
            return "a date with a time";
        case toml::node_type::none:
        case toml::node_type::table:
        case toml::node_type::array:
        case toml::node_type::string:
        case toml::node_type::integer:
        case toml::node_type::boolean:
            break;
    }
    return "something else";
}

Node copy_of(const toml::node& from, int levels_left);

void copy_members(Node& node, const toml::table& table, int levels_left) {
    for (auto&& [key, value] : table) {
        Node member = copy_of(value, levels_left);
        member.name = std::string(key.str());
        // The line of the key; a value of many lines may begin on another.
        const auto line = key.source().begin.line;
        if (line > 0)
            member.line = static_cast<int>(line);
        node.children.push_back(std::move(member));
    }
    // As in the file: toml++ sorts by name.
    std::stable_sort(node.children.begin(), node.children.end(),
                     [](const Node& a, const Node& b) { return a.line < b.line; });
}

Node copy_of(const toml::node& from, int levels_left) {
    Node node;
    node.line = static_cast<int>(from.source().begin.line);
    if (const auto* table = from.as_table()) {
        node.kind = Node::Kind::table;
        if (levels_left > 0)
            copy_members(node, *table, levels_left - 1);
    } else if (const auto* list = from.as_array()) {
        node.kind = Node::Kind::list;
        if (levels_left > 0)
            for (const toml::node& item : *list)
                node.children.push_back(copy_of(item, levels_left - 1));
    } else if (const auto* text = from.as_string()) {
        node.kind = Node::Kind::text;
        node.text = text->get();
    } else if (const auto* whole = from.as_integer()) {
        node.kind = Node::Kind::whole;
        node.whole = whole->get();
    } else if (const auto* truth = from.as_boolean()) {
        node.kind = Node::Kind::truth;
        node.truth = truth->get();
    } else {
        node.kind = Node::Kind::other;
        node.text = name_of_other(from.type());
    }
    return node;
}

}  // namespace

const Node* Node::find(std::string_view member) const noexcept {
    const auto at = std::find_if(children.begin(), children.end(),
                                 [&](const Node& child) { return child.name == member; });
    return at == children.end() ? nullptr : &*at;
}

std::string_view name_of(Node::Kind kind) noexcept {
    switch (kind) {
        case Node::Kind::table:
            return "a table";
        case Node::Kind::list:
            return "a list";
        case Node::Kind::text:
            return "a text";
        case Node::Kind::whole:
            return "a whole number";
        case Node::Kind::truth:
            return "true or false";
        case Node::Kind::other:
            break;
    }
    return "something else";
}

std::string_view name_of(const Node& node) noexcept {
    return node.kind == Node::Kind::other ? std::string_view(node.text) : name_of(node.kind);
}

Result<Node> read_toml(std::string_view text, const std::string& file) {
    if (auto failure = check_bytes(text, file))
        return *std::move(failure);
    try {
        return copy_of(toml::parse(text), levels_max);
    } catch (const toml::parse_error& error) {
        return off(file, static_cast<int>(error.source().begin.line),
                   "is not TOML: " + printable(error.description(), message_bytes_max));
    } catch (const std::exception& error) {
        return off(file, 0, "cannot be parsed: " + printable(error.what(), message_bytes_max));
    }
}

}  // namespace hourgate::config
