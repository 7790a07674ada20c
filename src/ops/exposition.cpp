#include "ops/exposition.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hourgate::ops {

namespace {

std::string_view to_text(Exposition::Type type) noexcept {
    switch (type) {
        case Exposition::Type::counter:
            return "counter";
        case Exposition::Type::gauge:
            return "gauge";
        case Exposition::Type::histogram:
            return "histogram";
    }
    return "";
}

/// Microseconds as seconds, without what a number does not need: "0.000025", "2.5", "10".
std::string in_seconds(std::uint64_t us) {
    std::string text(Digits(us / 1'000'000));
    const Digits part(us % 1'000'000 + 1'000'000);  // so that its zeros are there
    text.append(".").append(std::string_view(part).substr(1));
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.')
        text.pop_back();
    return text;
}

void append_escaped(std::string& out, std::string_view value) {
    for (const char c : value) {
        if (c == '\n')
            out += "\\n";
        else if (c == '\\' || c == '"')
            out.append(1, '\\') += c;
        else
            out += c;
    }
}

}  // namespace

void Exposition::begin(std::string_view name, Type type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(to_text(type)).append("\n");
}

void Exposition::open(std::string_view suffix, Labels labels) {
    text_.append(name_).append(suffix);
    char before = '{';
    for (const auto& [name, value] : labels) {
        text_.append(1, std::exchange(before, ',')).append(name).append("=\"");
        append_escaped(text_, value);
        text_ += '"';
    }
    if (labels.size() > 0)
        text_ += '}';
}

void Exposition::close(std::string_view value) {
    text_.append(" ").append(value).append("\n");
}

void Exposition::sample(Labels labels, std::uint64_t value) {
    open("", labels);
    close(Digits(value));
}

void Exposition::sample(Labels labels, const Durations& durations) {
    std::uint64_t up_to = 0;
    for (std::size_t at = 0; at < duration_buckets; ++at) {
        up_to += durations.counts[at];
        const bool last = at == duration_bounds_us.size();
        open("_bucket", labels);
        if (labels.size() > 0)
            text_.back() = ',';
        else
            text_ += '{';
        text_.append("le=\"");
        text_ += last ? "+Inf" : in_seconds(static_cast<std::uint64_t>(duration_bounds_us[at]));
        text_.append("\"}");
        close(Digits(up_to));
    }
    open("_sum", labels);
    close(in_seconds(durations.sum_us));
    open("_count", labels);
    close(Digits(up_to));
}

void Exposition::counter(std::string_view name, std::string_view help, std::uint64_t value) {
    begin(name, Type::counter, help);
    sample({}, value);
}

void Exposition::gauge(std::string_view name, std::string_view help, std::int64_t value) {
    begin(name, Type::gauge, help);
    open("", {});
    close(Digits(value));
}

}  // namespace hourgate::ops
