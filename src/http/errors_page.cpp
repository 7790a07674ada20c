#include "http/errors_page.h"

#include <vector>

#include "base/text.h"
#include "http/decision/reply.h"

namespace hourgate::http {

namespace {

/// If it changes, the hash below must change; a test compares them.
constexpr std::string_view style =
    "body{font:1em/1.5 sans-serif;max-width:46em;margin:2em auto;padding:0 1em}pre{ba"
    "ckground:#8881;padding:.7em;overflow:auto}code{font-family:monospace}h3:target{b"
    "ackground:#fd68}:root{color-scheme:light dark}";

void add_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
}

/// Renders a paragraph. Text between two markers becomes an element; a marker without its second
/// one is text.
std::string inline_html(std::string_view text) {
    struct InlineTag {
        std::string_view mark, element;
        bool nests;
    };
    constexpr InlineTag marks[] = {{"`", "code", false}, {"**", "b", true}};
    std::string out;
    while (!text.empty()) {
        const InlineTag* begun = nullptr;
        std::size_t end = text.npos;
        for (const InlineTag& mark : marks)
            if (text.starts_with(mark.mark))
                begun = &mark;
        if (begun != nullptr)
            end = text.find(begun->mark, begun->mark.size());
        if (end == text.npos) {
            add_escaped(out, text.substr(0, 1));
            text.remove_prefix(1);
            continue;
        }
        const std::string_view inside = text.substr(begun->mark.size(), end - begun->mark.size());
        out.append("<").append(begun->element).append(">");
        if (begun->nests)
            out += inline_html(inside);
        else
            add_escaped(out, inside);
        out.append("</").append(begun->element).append(">");
        text.remove_prefix(end + begun->mark.size());
    }
    return out;
}

/// Builds the document.
class Page {
public:
    explicit Page(std::string_view markdown) {
        out_ =
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            "<title>Why a call was refused</title>\n<style>" +
            std::string(style) + "</style>\n</head>\n<body>\n";
        for (const std::string_view line : split(markdown, '\n'))
            add(line);
        end_paragraph();
        out_ += "</body>\n</html>\n";
    }
    [[nodiscard]] std::string text() && { return std::move(out_); }

private:
    void add(std::string_view line) {
        if (line.starts_with("```")) {
            end_paragraph();
            out_ += in_code_ ? "</code></pre>\n" : "<pre><code>";
            in_code_ = !in_code_;
        } else if (in_code_) {
            add_escaped(out_, line);
            out_ += '\n';
        } else if (line.starts_with("## ")) {
            heading("3", line.substr(3));
        } else if (line.starts_with("# ")) {
            heading(out_.find("<h1>") == out_.npos ? "1" : "2", line.substr(2));
        } else if (line.empty()) {
            end_paragraph();
        } else {
            paragraph_.append(paragraph_.empty() ? "" : "\n").append(line);
        }
    }

    /// An entry is named by a reason, which has only letters, digits and '_'.
    void heading(std::string_view level, std::string_view text) {
        end_paragraph();
        out_.append("<h").append(level);
        if (level == "3" && is_slug(text, text.size()))
            out_.append(" id=\"").append(text).append("\"");
        out_.append(">").append(inline_html(text)).append("</h").append(level).append(">\n");
    }

    void end_paragraph() {
        if (!paragraph_.empty())
            out_ += "<p>" + inline_html(paragraph_) + "</p>\n";
        paragraph_.clear();
    }

    std::string out_;
    std::string paragraph_;
    bool in_code_ = false;
};

}  // namespace

const std::string_view errors_page_policy =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "style-src 'sha256-d7sWLnlDGXTzcp/j9QHqkp7CZgaQoRk+7cCW/fez2Pc='";

std::string errors_page(std::string_view markdown) {
    return Page(markdown).text();
}

bool prefers_html(std::string_view accept) noexcept {
    const int html = weight_in(accept, "text/html");
    return html > 0 && html > weight_in(accept, "text/markdown");
}

}  // namespace hourgate::http
