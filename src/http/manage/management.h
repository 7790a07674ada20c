// What self-service and admin routes have in common. A route is a row of a table. The gate has
// decided the call before its handler runs. A handler reads the fields, runs one use case of
// manage/ and renders the result. It contains no rule of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gate/decision.h"
#include "http/decision/reply.h"
#include "http/manage/fields.h"
#include "http/manage/idempotency_cache.h"
#include "http/wire/message.h"
#include "manage/ledger.h"
#include "manage/list_order.h"

namespace hourgate::http {

/// What management routes need from the rest of the server.
struct ManagementServices {
    /// Returns the context of a use case; the caller replaces `actor` and `now`.
    std::function<manage::Context()> context;
    /// Returns a decision that is still in memory, by the digits of its id.
    std::function<std::optional<manage::DecisionRecord>(std::string_view id)> recent;
    std::string cursor_key;               ///< 32 bytes
    IdempotencyCache* repeats = nullptr;  ///< null: no response is remembered
};

/// Decides a call `method` `target` of the same caller from the same address, as a dry run: nothing
/// is counted or reported. The views of the decision point into its arguments.
using Suppose = std::function<Decision(std::string_view method, std::string_view target)>;

/// One granted call to a management route.
class ManagementCall {
public:
    ManagementCall(const ManagementServices& services, const Decision& decision,
                   const ReplySettings& settings, Format format, std::vector<std::string> captures,
                   const Request& request, const Suppose& suppose, Fields query_, Fields body_)
        : query(std::move(query_)),
          body(std::move(body_)),
          services_(services),
          decision_(decision),
          settings_(settings),
          format_(format),
          captures_(std::move(captures)),
          request_(request),
          suppose_(suppose) {}

    Fields query;
    Fields body;

    [[nodiscard]] const Decision& decision() const noexcept { return decision_; }
    [[nodiscard]] const Request& request() const noexcept { return request_; }
    [[nodiscard]] const ReplySettings& settings() const noexcept { return settings_; }
    /// See Suppose. Both arguments must outlive the decision.
    [[nodiscard]] Decision supposed(std::string_view method, std::string_view target) const {
        return suppose_(method, target);
    }
    /// Returns the n-th segment that matched "{}" in the path.
    [[nodiscard]] const std::string& captured(std::size_t at) const { return captures_.at(at); }
    [[nodiscard]] std::int64_t now_ms() const noexcept { return decision_.now.wall_ms; }
    /// Returns the context for the use case. Its actor is the token's member, or the operator.
    [[nodiscard]] manage::Context context() const;

    /// See ManagementServices.
    [[nodiscard]] std::optional<manage::DecisionRecord> recent(std::string_view id) const {
        return services_.recent ? services_.recent(id) : std::nullopt;
    }

    /// Returns the page that `limit`, `cursor` and `search` of the query ask for. Flaws go into
    /// `query`.
    [[nodiscard]] manage::Page page();
    /// Returns the order that `sort` of the query asks for.
    [[nodiscard]] manage::Sort sort(const manage::ListOrder& order);
    /// Returns the page, sorted by `sort`. Not for tokens.
    [[nodiscard]] manage::Page page_by(const manage::ListOrder& order);
    /// `from` and `until` of the query: an instant, a date, "yesterday", or "2h" for two hours ago.
    struct Period {
        std::optional<std::int64_t> from_ms;   ///< at or after
        std::optional<std::int64_t> until_ms;  ///< before
    };
    [[nodiscard]] Period period();
    /// Returns 422 if a field is invalid, otherwise nullopt. REQUIRES: all known fields were read.
    [[nodiscard]] std::optional<Response> flawed();

    // Responses, each with the headers of the decision:
    [[nodiscard]] Response data(int status, const nlohmann::ordered_json& data) const;
    [[nodiscard]] Response text(std::string text) const;  ///< 200, for people
    [[nodiscard]] Response data_with_token(int status, const nlohmann::ordered_json& data,
                                           const Secret& token) const;
    [[nodiscard]] Response failed(const Failure& failure) const;
    /// Returns an earlier response with this status again.
    [[nodiscard]] Response replayed(int status, std::string earlier) const;
    template <typename T, typename View>
    [[nodiscard]] Response list(const Result<manage::Slice<T>>& slice, View view) {
        if (!slice)
            return failed(slice.failure());
        auto items = nlohmann::ordered_json::array();
        for (const T& item : slice.value().items)
            items.push_back(view(item));
        return list_of(std::move(items), slice.value().next);
    }
    template <typename T, typename View>
    [[nodiscard]] Response one(int status, const Result<T>& result, View view) const {
        return result ? data(status, view(result.value())) : failed(result.failure());
    }

private:
    [[nodiscard]] Response list_of(nlohmann::ordered_json items,
                                   std::optional<manage::Position> next) const;
    [[nodiscard]] std::string list_name() const;
    [[nodiscard]] Response answer(int status, std::string body) const;

    const ManagementServices& services_;
    const Decision& decision_;
    const ReplySettings& settings_;
    const Format format_;
    const std::vector<std::string> captures_;
    const Request& request_;
    const Suppose& suppose_;
    std::int64_t limit_ = 0;  // of the page
};

enum class Body : std::uint8_t { none, json };
/// Whether a call creates something that a repeated call would create twice.
enum class Creates : std::uint8_t { no, yes };

/// A row of a table. `pattern` is the path after the table's prefix; "{}" matches any segment.
struct Route {
    std::string_view method;
    std::string_view pattern;
    Body body = Body::none;
    Response (*run)(ManagementCall& call) = nullptr;
    Creates creates = Creates::no;
};

[[nodiscard]] std::span<const Route> self_service_routes() noexcept;
[[nodiscard]] std::span<const Route> admin_routes() noexcept;

/// The result of matching a method and a path.
struct Routed {
    const Route* route = nullptr;       ///< null: no match
    std::vector<std::string> captures;  ///< the segments for "{}"
    std::string allowed;  ///< methods of this path, for 405; "" if the path is unknown
};
/// `segments` are decoded and follow the prefix. HEAD matches a GET route.
[[nodiscard]] Routed route_of(std::span<const Route> routes, std::string_view method,
                              policy::Segments segments);

/// Runs a granted call. REQUIRES: the body has been read, if the route has one.
[[nodiscard]] Response managed(const Routed& routed, const Request& request,
                               const Decision& decision, const ManagementServices& services,
                               const ReplySettings& settings, Format format,
                               const Suppose& suppose);

}  // namespace hourgate::http
