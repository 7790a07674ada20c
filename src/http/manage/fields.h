// The fields of a management call besides its path: the members of a JSON body, or of a query.
// Parsing is strict and complete. All flaws are reported at once, each under its path
// (windows[2].per) with its value and what is allowed. Unknown fields are refused. A text that
// contains a whole token is refused and never repeated, because it would be stored and shown to
// others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time_text.h"

namespace hourgate::http {

class Fields {
public:
    /// Failure::usage if `body` is not one JSON object without duplicate members. "" is an empty
    /// object.
    [[nodiscard]] static Result<Fields> of_body(std::string_view body);
    /// Reads the query of a target: "a=b&c=d", percent-decoded, '+' as a space (WHATWG URL section
    /// 5.1).
    [[nodiscard]] static Fields of_query(std::string_view target);

    [[nodiscard]] bool has(std::string_view name);  ///< also if it is null
    /// The readers return nullopt or an empty value if the field is absent or invalid. An invalid
    /// field is a flaw; for needed_text(), an absent one is, too.
    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::string needed_text(std::string_view name);
    [[nodiscard]] std::optional<bool> truth(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name, std::int64_t least,
                                                    std::int64_t most);
    [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t count_max);
    /// Reads an RFC 3339 instant, or a date as `means` says. Null counts as absent.
    [[nodiscard]] std::optional<std::int64_t> time(std::string_view name, DateMeans means);
    /// Does the same, and also accepts what people type; see time_from().
    [[nodiscard]] std::optional<std::int64_t> time(std::string_view name, TimeForm form,
                                                   std::int64_t now_ms);
    /// Reads a duration in seconds: "24h", "0".
    [[nodiscard]] std::optional<std::int64_t> span_s(std::string_view name);
    /// Returns null if the field is absent or not a list. The caller reads the items.
    [[nodiscard]] const nlohmann::ordered_json* list(std::string_view name);

    /// Records a flaw. `message` follows the name of the field: "is missing".
    void refuse(std::string_view name, std::string message);
    /// Records a flaw of a field with this value: "is 'x'; it has to be " and `allowed`.
    void refuse_value(std::string_view name, const nlohmann::ordered_json& value,
                      std::string_view allowed);
    /// Does the same for a member that was read.
    void refuse_value(std::string_view name, std::string_view allowed);
    /// Returns the flaws by name, including unknown fields. Empty if there are none. REQUIRES: all
    /// known fields were read.
    [[nodiscard]] const std::map<std::string, std::string>& flaws();

private:
    [[nodiscard]] const nlohmann::ordered_json* find(std::string_view name);

    nlohmann::ordered_json members_ = nlohmann::ordered_json::object();
    bool is_query_ = false;
    std::set<std::string, std::less<>> known_;
    std::map<std::string, std::string> flaws_;
};

}  // namespace hourgate::http
