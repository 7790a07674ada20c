// The forms that texts of the configuration must have: addresses of listeners, paths, origins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "config/config.h"

namespace hourgate::config {

/// A form, and how to say it to a user who wrote something else.
struct Form {
    bool (*fits)(std::string_view text) noexcept;
    std::string_view allowed;
    /// Returns what is wrong with a text that does not fit, or null if nobody can say it better.
    const char* (*flaw)(std::string_view text) noexcept = nullptr;
};

/// Reads "host:port", "[v6]:port", "unix:/path" or "". Failure::config: what is off.
[[nodiscard]] Result<Listen> parse_listen(std::string_view text);
/// Reads what fits upstream_form. REQUIRES: it does.
[[nodiscard]] Listen parse_upstream(std::string_view text);
/// Whether both cannot be listened on at once: same port of the same address, or of all addresses.
[[nodiscard]] bool clash(const Listen& a, const Listen& b) noexcept;
/// Whether only this machine can reach it. A host name other than "localhost" may mean anything.
[[nodiscard]] bool is_local(const Listen& listen) noexcept;

extern const Form host_form;  ///< a name of this machine, without a port
extern const Form api_prefix_form;
extern const Form file_form;
extern const Form brand_form;
extern const Form plan_form;
extern const Form url_form;            ///< http:// or https://, or nothing
extern const Form contact_form;        ///< of the people who run the gate, or nothing
extern const Form docs_form;           ///< the same, or a path
extern const Form upstream_form;       ///< where the API listens
extern const Form api_name_form;       ///< of an [[api]]
extern const Form api_host_form;       ///< under which it is called
extern const Form resource_name_form;  ///< of a [[resource]]; what fits is the policy's to say
extern const Form network_form;
extern const Form ask_id_form;  ///< a header that the gate reads for nothing else, or nothing
extern const Form origin_form;  ///< RFC 6454 section 6.2, as a browser sends it

/// REQUIRES: each fits network_form.
[[nodiscard]] AddressSet networks_of(const std::vector<std::string>& texts);

}  // namespace hourgate::config
