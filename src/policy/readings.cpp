#include "policy/readings.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>

#include "base/text.h"

namespace hourgate::policy {

namespace {

/// Where an upstream may cut a segment off: punctuation and space, but for what names are made of
/// ('-', '_', and '@' of addresses), and but for '/', '\\' and ';', which have rules of their own.
constexpr CharacterSet cuts(" !\"#$%&'()*+,.:<=>?[]^`{|}~");
constexpr CharacterSet dots_and_spaces(". ");

bool is_ascii(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Some compare in upper case: dotless i becomes I there, and dotted I loses its dot in many.
utf8proc_int32_t to_upper(utf8proc_int32_t character, void* /*nothing*/) {
    constexpr utf8proc_int32_t dotted_i = 0x130;
    return character == dotted_i ? 'I' : utf8proc_toupper(character);
}

struct Free {
    void operator()(utf8proc_uint8_t* memory) const noexcept { std::free(memory); }
};

std::string_view without_spaces(std::string_view text) noexcept {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

}  // namespace

std::string folded(std::string_view text, const PathRules& rules) {
    const std::string in_ascii = rules.case_variant ? lower(text) : std::string(text);
    if (is_ascii(text) || !is_utf8(text))
        return in_ascii;
    int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    if (rules.reading_variant)
        options |= UTF8PROC_COMPAT | UTF8PROC_IGNORE;
    if (rules.case_variant)
        options |= UTF8PROC_CASEFOLD;
    utf8proc_uint8_t* made = nullptr;
    const utf8proc_ssize_t bytes = utf8proc_map_custom(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()), &made, static_cast<utf8proc_option_t>(options),
        rules.case_variant ? to_upper : nullptr, nullptr);
    const std::unique_ptr<utf8proc_uint8_t, Free> owned(made);
    if (bytes == UTF8PROC_ERROR_NOMEM)
        throw std::bad_alloc();
    if (bytes < 0)
        return in_ascii;
    return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(bytes)};
}

Readings::Readings(const Path& path, const PathRules& rules) : rules_(rules) {
    if (path.plain || (!rules.reading_variant && !rules.case_variant))
        return;
    folded_.reserve(path.segments.size());  // no text moves once there is a view of it
    for (const std::string_view segment : path.segments)
        sent_.push_back(part_of(segment));
    any_ = rules.reading_variant || !folded_.empty();
    if (!rules.reading_variant)
        return;
    for (const std::string_view part : sent_)
        add_split(part);
    differs_ = !std::equal(sent_.begin(), sent_.end(), split_.begin(), split_.end());
}

/// A segment as it is compared.
std::string_view Readings::part_of(std::string_view segment) {
    if (is_ascii(segment))
        return segment;
    return folded_.emplace_back(folded(segment, rules_));
}

/// Adds what becomes of a part when slashes in it part it, when dots and spaces at its ends are cut
/// and when its dot segments are followed. A slash, backslash, dot segment or empty segment that a
/// rule allows is as the operator knows it to be.
void Readings::add_split(std::string_view part) {
    if (part.empty() && !rules_.empty_segment) {
        split_.push_back(part);
        return;
    }
    for (bool more = true; more;) {
        const std::size_t slash = std::min(rules_.encoded_slash ? part.find('/') : part.npos,
                                           rules_.backslash ? part.find('\\') : part.npos);
        const std::string_view one = without_spaces(part.substr(0, slash));
        more = slash != part.npos;
        if (more)
            part.remove_prefix(slash + 1);
        if (one == ".." && rules_.dot_segment && !split_.empty())
            split_.erase(split_.end() - 1);
        else if (!dots_and_spaces.has_all_of(one) || (!rules_.dot_segment && !one.empty()))
            split_.push_back(one);
    }
}

bool Readings::match(const Pattern& pattern) const noexcept {
    return any_ && (match(pattern, sent_) || (differs_ && match(pattern, split_)));
}

bool Readings::match(const Pattern& pattern, const Parts& parts) const noexcept {
    const std::size_t count = pattern.segments.size();
    if (pattern.rest ? parts.size() < count : parts.size() != count)
        return false;
    for (std::size_t at = 0; at < count; ++at) {
        const Segment& segment = pattern.segments[at];
        if (segment.kind == Segment::Kind::literal ? !reads_as(parts.begin()[at], segment.folded)
                                                   : parts.begin()[at].empty())
            return false;
    }
    return true;
}

/// Whether the part is the literal, or begins with it and may be cut off there.
bool Readings::reads_as(std::string_view part, std::string_view literal) const noexcept {
    if (rules_.reading_variant)
        while (part.starts_with(' ') && !literal.starts_with(' '))
            part.remove_prefix(1);
    if (part.size() < literal.size())
        return false;
    const std::string_view begin = part.substr(0, literal.size());
    if (rules_.case_variant ? !same_ignoring_case(begin, literal) : begin != literal)
        return false;
    if (part.size() == literal.size())
        return true;
    const char next = part[literal.size()];
    return rules_.reading_variant &&
           (cuts.has(next) || (next == '/' && rules_.encoded_slash) ||
            (next == '\\' && rules_.backslash) || (next == ';' && rules_.semicolon));
}

}  // namespace hourgate::policy
