#include "policy/other_readings.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "policy/readings.h"

namespace hourgate::policy {

namespace {

using Texts = std::vector<std::string>;
using All = std::vector<OtherReading>;

/// Decodes the text until it has no escape left.
std::string decoded(std::string text) {
    for (bool again = true; again;) {
        again = false;
        std::string out;
        for (std::size_t at = 0; at < text.size(); ++at) {
            const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
            const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
            if (low < 0) {
                out += text[at];
                continue;
            }
            out += static_cast<char>(high * 16 + low);
            at += 2;
            again = true;
        }
        text = std::move(out);
    }
    return text;
}

template <typename Fits>
std::string without(std::string text, Fits fits) {
    text.erase(std::remove_if(text.begin(), text.end(), fits), text.end());
    return text;
}

std::string in_ascii(std::string text) {
    if (is_utf8(text))
        return text;
    return without(std::move(text), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string up_to(const std::string& text, char mark) {
    return text.substr(0, text.find(mark));
}

std::string up_to_control(const std::string& text) {
    const auto end = std::find_if(text.begin(), text.end(), is_control_byte);
    return {text.begin(), end};
}

/// Returns the reading with each segment changed by `change`.
template <typename Change>
OtherReading each(const OtherReading& reading, Change change) {
    OtherReading changed = reading;
    for (std::string& segment : changed.segments)
        segment = change(std::move(segment));
    return changed;
}

/// Returns the reading up to the first control byte in it.
OtherReading cut_at_control(const OtherReading& reading) {
    OtherReading cut = reading;
    for (std::size_t at = 0; at < cut.segments.size(); ++at) {
        std::string begin = up_to_control(cut.segments[at]);
        if (begin.size() == cut.segments[at].size())
            continue;
        cut.segments.resize(at);
        if (!begin.empty())
            cut.segments.push_back(std::move(begin));
        break;
    }
    return cut;
}

OtherReading parted_at(const OtherReading& reading, char mark) {
    OtherReading parted{{}, reading.climbed};
    for (const std::string& segment : reading.segments)
        for (const std::string_view part : split(segment, mark))
            parted.segments.emplace_back(part);
    return parted;
}

OtherReading without_empty(const OtherReading& reading) {
    OtherReading merged = reading;
    std::erase_if(merged.segments, [](const std::string& segment) { return segment.empty(); });
    return merged;
}

/// Resolves segments "." and "..", and those that may be cut to one. `up`: a segment that may be
/// either counts as "..".
OtherReading resolved(const OtherReading& reading, bool up) {
    OtherReading to{{}, reading.climbed};
    for (const std::string& segment : reading.segments) {
        const DotsRead dots = dots_read(segment);
        if (dots == DotsRead::none) {
            to.segments.push_back(segment);
        } else if (dots == DotsRead::two || (dots == DotsRead::either && up)) {
            to.climbed = true;
            if (!to.segments.empty())
                to.segments.pop_back();
        }
    }
    return to;
}

/// Adds the result of `change` for each reading.
template <typename Change>
void fork(All& all, Change change) {
    const std::size_t before = all.size();
    for (std::size_t at = 0; at < before && all.size() <= limits::other_readings_max; ++at) {
        OtherReading changed = change(std::as_const(all)[at]);
        if (std::find(all.begin(), all.end(), changed) == all.end())
            all.push_back(std::move(changed));
    }
}

template <typename Change>
void fork_each(All& all, Change change) {
    fork(all, [&](const OtherReading& reading) { return each(reading, change); });
}

}  // namespace

bool all_other_readings(const Path& path, const std::function<bool(const OtherReading&)>& accepts) {
    OtherReading as_sent;
    for (const std::string_view segment : path.segments)
        as_sent.segments.emplace_back(segment);
    All all = {as_sent};
    fork_each(all, decoded);
    fork_each(all, in_ascii);
    fork(all, cut_at_control);
    fork_each(all, up_to_control);
    fork_each(all, [](std::string text) { return without(std::move(text), is_control_byte); });
    fork_each(all, [](const std::string& text) {
        const std::string lenient = leniently_read(text);
        return std::string(trimmed(lenient));
    });
    const auto cut_parameters = [&] {
        fork_each(all, [](const std::string& text) { return up_to(text, ';'); });
    };
    cut_parameters();
    fork(all, [](const OtherReading& reading) { return parted_at(reading, '\\'); });
    fork(all, [](const OtherReading& reading) { return parted_at(reading, '/'); });
    cut_parameters();
    fork(all, without_empty);
    fork(all, [](const OtherReading& reading) { return resolved(reading, true); });
    fork(all, [](const OtherReading& reading) { return resolved(reading, false); });
    if (all.size() > limits::other_readings_max)
        return false;
    return std::all_of(std::next(all.begin()), all.end(), [&](const OtherReading& reading) {
        return reading.segments.size() <= limits::path_segments_max && accepts(reading);
    });
}

}  // namespace hourgate::policy
