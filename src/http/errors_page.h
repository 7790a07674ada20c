// Renders docs/errors.md as the page that /_hourgate/errors serves to a browser. Each entry has the
// anchor that `error.docs` names. Supports only the Markdown that docs/errors.md uses: headings,
// paragraphs, **bold**, `code` and fenced code. Everything else is text, and all text is escaped.
#pragma once

#include <string>
#include <string_view>

namespace hourgate::http {

/// Returns a complete HTML document in UTF-8. It loads no resource and runs no script.
[[nodiscard]] std::string errors_page(std::string_view markdown);

/// The Content-Security-Policy (Level 3) of that page: only its own style, by its SHA-256.
extern const std::string_view errors_page_policy;

/// Returns true if an Accept header prefers HTML to Markdown and names it, as browsers do (RFC 9110
/// section 12.5.1).
[[nodiscard]] bool prefers_html(std::string_view accept) noexcept;

}  // namespace hourgate::http
