#include "policy/readings.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <new>
#include <optional>

#include "base/text.h"

namespace hourgate::policy {

namespace {

/// Where an upstream may cut a segment off: punctuation and space. Characters of names ('-', '_',
/// and '@' of addresses) are not in it; '/', '\\' and ';' have checks of their own.
constexpr CharacterSet cuts(" !\"#$%&'()*+,.:<=>?[]^`{|}~");

bool is_ascii(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Maps to upper case, in which some upstreams compare. There dotless i becomes I, and in many
/// dotted I loses its dot.
utf8proc_int32_t to_upper(utf8proc_int32_t character, void* /*nothing*/) {
    constexpr utf8proc_int32_t dotted_i = 0x130;
    return character == dotted_i ? 'I' : utf8proc_toupper(character);
}

struct Free {
    void operator()(utf8proc_uint8_t* memory) const noexcept { std::free(memory); }
};

/// More combining marks in a row than any language needs: Unicode Standard Annex 15, section 13
/// (Stream-Safe Text Format).
constexpr int marks_max = 30;

/// Returns whether more than marks_max combine with one character. utf8proc sorts them in a time
/// that grows with the square of their number. Characters that it drops do not end a row of marks.
bool has_too_many_marks(std::string_view text) noexcept {
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    auto left = static_cast<utf8proc_ssize_t>(text.size());
    int marks = 0;
    while (left > 0) {
        utf8proc_int32_t character = 0;
        const utf8proc_ssize_t bytes = utf8proc_iterate(at, left, &character);
        if (bytes <= 0)
            return false;  // not well-formed, so it is not mapped
        at += bytes;
        left -= bytes;
        const utf8proc_property_t& property = *utf8proc_get_property(character);
        if (property.combining_class != 0)
            ++marks;
        else if (property.ignorable == 0 && property.category != UTF8PROC_CATEGORY_CC)
            marks = 0;
        if (marks > marks_max)
            return true;
    }
    return false;
}

/// Returns the text as mapped by utf8proc; nullopt if it cannot be mapped.
std::optional<std::string> mapped(std::string_view text, int options,
                                  utf8proc_custom_func each_character) {
    if (has_too_many_marks(text))
        return std::nullopt;
    utf8proc_uint8_t* made = nullptr;
    const utf8proc_ssize_t bytes = utf8proc_map_custom(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()), &made,
        static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE), each_character, nullptr);
    const std::unique_ptr<utf8proc_uint8_t, Free> owned(made);
    if (bytes == UTF8PROC_ERROR_NOMEM)
        throw std::bad_alloc();
    if (bytes < 0)
        return std::nullopt;
    return std::string(reinterpret_cast<const char*>(made), static_cast<std::size_t>(bytes));
}

/// Maps blank characters that Unicode's compatibility form keeps, and the slashes of Windows' best
/// fit (bestfit1252.txt). NFKC itself puts U+2044 into fractions: it counts only as sent.
utf8proc_int32_t to_look_alike(utf8proc_int32_t character, void* /*nothing*/) {
    switch (character) {
        case 0x1680:  // ogham space mark
        case 0x2028:
        case 0x2029:
        case 0x2800:  // braille blank
        case 0xfff9:  // to 0xfffb: interlinear annotation
        case 0xfffa:
        case 0xfffb:
            return ' ';
        case 0x2044:  // fraction slash
        case 0x2215:  // division slash
            return '/';
        case 0x2216:  // set minus
            return '\\';
        default:
            return character;
    }
}

/// Returns whether the text has "%hh" or "%uhhhh".
bool has_escape(std::string_view text) noexcept {
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
        const bool wide = text.substr(at + 1, 1) == "u" || text.substr(at + 1, 1) == "U";
        const std::string_view digits = wide ? text.substr(at + 2, 4) : text.substr(at + 1, 2);
        if (digits.size() == (wide ? 4U : 2U) &&
            std::all_of(digits.begin(), digits.end(), [](char c) { return hex_digit(c) >= 0; }))
            return true;
    }
    return false;
}

}  // namespace

std::string leniently_read(std::string_view text) {
    if (is_utf8(text)) {
        constexpr int options = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_IGNORE |
                                UTF8PROC_STRIPMARK | UTF8PROC_STRIPCC;
        if (auto made = mapped(text, options, to_look_alike))
            return *std::move(made);
    }
    std::string in_ascii;
    std::copy_if(text.begin(), text.end(), std::back_inserter(in_ascii),
                 [](char c) { return c >= ' ' && c <= '~'; });
    return in_ascii;
}

/// ".." is also "." with the suffix ".", so "..x" and "..." may be either.
DotsRead dots_read(std::string_view segment) noexcept {
    std::string_view text = segment;
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (!text.starts_with('.'))
        return DotsRead::none;
    if (text.size() == 1)
        return DotsRead::one;
    if (text == "..")
        return segment == text ? DotsRead::two : DotsRead::either;
    if (text[1] == '.')
        return DotsRead::either;
    return cuts.has(text[1]) || text[1] == ';' ? DotsRead::one : DotsRead::none;
}

std::string folded(std::string_view text, const PathChecks& rules) {
    const std::string in_ascii = rules.case_variant ? lower(text) : std::string(text);
    if (is_ascii(text) || !is_utf8(text))
        return in_ascii;
    int options = UTF8PROC_COMPOSE;
    if (rules.reading_variant)
        options |= UTF8PROC_COMPAT | UTF8PROC_IGNORE;
    if (rules.case_variant)
        options |= UTF8PROC_CASEFOLD;
    return mapped(text, options, rules.case_variant ? to_upper : nullptr).value_or(in_ascii);
}

bool may_change_path(std::string_view segment, const PathChecks& rules) {
    if (!rules.reading_variant || segment.empty())
        return false;
    std::string lenient;
    std::string_view text = segment;
    if (!is_printable_ascii(segment)) {
        if (has_too_many_marks(segment))
            return true;
        text = lenient = leniently_read(segment);
    }
    if (text.find_first_not_of(' ') == text.npos ||
        (rules.encoded_slash && text.find('/') != text.npos) ||
        (rules.backslash && text.find('\\') != text.npos) ||
        (rules.double_encoding && has_escape(text)))
        return true;
    if (!rules.dot_segment)
        return false;
    // An upstream that decodes before it resolves dot segments splits here even at allowed slashes.
    for (bool more = true; more;) {
        const std::size_t slash = text.find_first_of("/\\");
        if (dots_read(text.substr(0, slash)) != DotsRead::none)
            return true;
        more = slash != text.npos;
        if (more)
            text.remove_prefix(slash + 1);
    }
    return false;
}

Readings::Readings(const Path& path, const PathChecks& rules) : rules_(rules) {
    if (path.plain || (!rules.reading_variant && !rules.case_variant))
        return;
    folded_.reserve(path.segments.size());  // `parts_` has views of the texts
    for (const std::string_view segment : path.segments)
        parts_.push_back(part_of(segment));
    any_ = rules.reading_variant || !folded_.empty();
}

/// Returns the segment in the form in which it is compared.
std::string_view Readings::part_of(std::string_view segment) {
    if (is_ascii(segment))
        return segment;
    return folded_.emplace_back(folded(segment, rules_));
}

bool Readings::match(const Pattern& pattern) const noexcept {
    const std::size_t count = pattern.segments.size();
    if (!any_ || (pattern.rest ? parts_.size() < count : parts_.size() != count))
        return false;
    for (std::size_t at = 0; at < count; ++at) {
        const Segment& segment = pattern.segments[at];
        const std::string_view part = parts_.begin()[at];
        if (segment.kind == Segment::Kind::literal ? !reads_as(part, segment.folded)
                                                   : !reads_as(part, segment))
            return false;
    }
    return true;
}

/// Returns `part` without the spaces that an upstream may cut before `begin`.
std::string_view Readings::trimmed_for(std::string_view part,
                                       std::string_view begin) const noexcept {
    if (rules_.reading_variant)
        while (part.starts_with(' ') && !begin.starts_with(' '))
            part.remove_prefix(1);
    return part;
}

bool Readings::begins(std::string_view part, std::string_view with) const noexcept {
    const std::string_view begin = part.substr(0, with.size());
    return rules_.case_variant ? same_ignoring_case(begin, with) : begin == with;
}

/// Returns whether the part ends at `at`, or an upstream may cut it off there.
bool Readings::may_end_at(std::string_view part, std::size_t at) const noexcept {
    if (part.size() == at)
        return true;
    const char next = part[at];
    return rules_.reading_variant &&
           (cuts.has(next) || (next == '/' && rules_.encoded_slash) ||
            (next == '\\' && rules_.backslash) || (next == ';' && rules_.semicolon));
}

/// Returns whether the part is the literal, or begins with it and may be cut off after it.
bool Readings::reads_as(std::string_view part, std::string_view literal) const noexcept {
    part = trimmed_for(part, literal);
    return part.size() >= literal.size() && begins(part, literal) &&
           may_end_at(part, literal.size());
}

/// Does the same for a capture with the fixed text before and after it.
bool Readings::reads_as(std::string_view part, const Segment& capture) const noexcept {
    if (!capture.is_affixed())
        return !part.empty();
    part = trimmed_for(part, capture.folded_before);
    const std::string_view after = capture.folded_after;
    const std::size_t least = capture.folded_before.size() + 1;
    if (part.size() < least + after.size() || !begins(part, capture.folded_before))
        return false;
    if (after.empty())
        return true;
    for (std::size_t at = least; at + after.size() <= part.size(); ++at)
        if (begins(part.substr(at), after) && may_end_at(part, at + after.size()))
            return true;
    return false;
}

}  // namespace hourgate::policy
