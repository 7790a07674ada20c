#include "config/nearest.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"

namespace hourgate::config {

std::size_t distance(std::string_view a, std::string_view b) {
    // Rows of the table of distances between the first letters of both; row i is for i of a.
    std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + other});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = std::exchange(last, row);
    }
    return last[b.size()];
}

std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& known) {
    constexpr std::size_t word_bytes_max = 64;  // no key is longer: nothing to look for
    if (word.size() > word_bytes_max)
        return std::nullopt;
    std::optional<std::string_view> best;
    std::size_t best_distance = 0;
    for (const std::string_view candidate : known) {
        const std::size_t letters = std::max(word.size(), candidate.size());
        const std::size_t off = distance(word, candidate);
        if (off * 3 > letters || (best && off >= best_distance))
            continue;
        best = candidate;
        best_distance = off;
    }
    return best;
}

bool alike(std::string_view a, std::string_view b) {
    const auto plain = [](std::string_view word) {
        std::string out = lower(word);
        std::replace(out.begin(), out.end(), '-', '_');
        if (out.size() > 1 && out.back() == 's')
            out.pop_back();
        return out;
    };
    return plain(a) == plain(b);
}

}  // namespace hourgate::config
