// What a management call says beside its path: the members of a JSON body, or of a query. Read
// strictly and as a whole: everything that is wrong is reported at once, each under its path
// (windows[2].per) with its value and what is allowed, and unknown fields are refused. A text that
// holds a whole token is refused and never repeated: it would be stored, and shown to others.
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
    /// Failure::usage when it is not one JSON object, each member once. "" is an object without
    /// members.
    [[nodiscard]] static Result<Fields> of_body(std::string_view body);
    /// The query of a target: "a=b&c=d", percent-decoded, '+' a space (WHATWG URL section 5.1).
    [[nodiscard]] static Fields of_query(std::string_view target);

    [[nodiscard]] bool has(std::string_view name);  ///< also when it is null
    /// REQUIRES nothing: nothing when it is absent or off.
    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::string needed_text(std::string_view name);
    [[nodiscard]] std::optional<bool> truth(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name, std::int64_t least,
                                                    std::int64_t most);
    [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t count_max);
    /// Returns an instant of RFC 3339, or what a date means. Null is read like an absent field.
    [[nodiscard]] std::optional<std::int64_t> time(std::string_view name, DateMeans means);
    /// Returns the same, or what people type instead; see time_from().
    [[nodiscard]] std::optional<std::int64_t> time(std::string_view name, TimeForm form,
                                                   std::int64_t now_ms);
    /// "24h", "0": seconds.
    [[nodiscard]] std::optional<std::int64_t> span_s(std::string_view name);
    /// Null when it is absent or no list. The caller reads its items.
    [[nodiscard]] const nlohmann::ordered_json* list(std::string_view name);

    /// `message` follows the name of the field: "is missing".
    void refuse(std::string_view name, std::string message);
    /// The same for a field of this value: "is 'x'; it has to be " and `allowed`.
    void refuse_value(std::string_view name, const nlohmann::ordered_json& value,
                      std::string_view allowed);
    /// The same for a member that was asked for.
    void refuse_value(std::string_view name, std::string_view allowed);
    /// What is off, by name; unknown ones included. Empty: nothing. REQUIRES: every known one was
    /// asked for.
    [[nodiscard]] const std::map<std::string, std::string>& flaws();

private:
    [[nodiscard]] const nlohmann::ordered_json* find(std::string_view name);

    nlohmann::ordered_json members_ = nlohmann::ordered_json::object();
    bool is_query_ = false;
    std::set<std::string, std::less<>> known_;
    std::map<std::string, std::string> flaws_;
};

}  // namespace hourgate::http
