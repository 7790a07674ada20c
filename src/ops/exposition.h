// Writes the Prometheus text format 0.0.4: HELP and TYPE of a metric once, before its samples;
// labels escaped; the buckets of a histogram added up, in order, with le="+Inf" at the end.
// Refuses to: take a label's name from anybody but the program, or keep any number.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/histogram.h"

namespace hourgate::ops {

class Exposition {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
    enum class Type : std::uint8_t { counter, gauge, histogram };

    /// Begins a metric: the samples that follow are its. REQUIRES: `help` has no line end and no
    /// backslash; a name that was not begun before.
    void begin(std::string_view name, Type type, std::string_view help);
    void sample(Labels labels, std::uint64_t value);
    /// Of Type::histogram: all its lines, in seconds. _count is the last bucket, whatever is being
    /// counted meanwhile.
    void sample(Labels labels, const Durations& durations);

    // A metric of one sample, without labels.
    void counter(std::string_view name, std::string_view help, std::uint64_t value);
    void gauge(std::string_view name, std::string_view help, std::int64_t value);

    [[nodiscard]] std::string take() noexcept { return std::move(text_); }

private:
    void open(std::string_view suffix, Labels labels);
    void close(std::string_view value);

    std::string text_;
    std::string name_;
};

}  // namespace hourgate::ops
