// docs/errors.md as a page for people: what /_hourgate/errors answers a browser. Every entry has
// the anchor that `error.docs` names. Knows the Markdown that docs/errors.md uses and no more:
// headings, paragraphs, **bold**, `code` and fenced code. Everything else is text, and all text is
// escaped.
#pragma once

#include <string>
#include <string_view>

namespace hourgate::http {

/// A whole HTML document in UTF-8. It loads nothing and runs nothing.
[[nodiscard]] std::string errors_page(std::string_view markdown);

/// The Content-Security-Policy (Level 3) of that page: nothing but its own style, by its SHA-256.
extern const std::string_view errors_page_policy;

/// Whether an Accept header prefers HTML to Markdown and names it, as browsers do (RFC 9110 section
/// 12.5.1).
[[nodiscard]] bool prefers_html(std::string_view accept) noexcept;

}  // namespace hourgate::http
