// The page about errors as a browser gets it: HTML with an anchor for each reason, which loads and runs
// nothing.
#include "http/errors_page.h"

#include <sodium.h>

#include <regex>
#include <string>

#include "embedded.h"
#include "gate/decision.h"
#include "http/decision/reasons.h"
#include "http/service.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using hourgate::http::Listener;
using hourgate::http::Response;
using hourgate::test::HttpBench;

namespace {

constexpr const char* browser =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

Response page_for(HttpBench& bench, http::Service& service, const std::string& accept) {
    (void)bench;
    http::Request request = HttpBench::request("GET", "/_hourgate/errors");
    test::drop_header(request, "Authorization");
    if (!accept.empty())
        test::set_header(request, "Accept", accept);
    return service.handle(Listener::public_, request);
}

}  // namespace

TEST_CASE("a browser gets HTML, and everybody else Markdown") {
    HttpBench bench;
    http::Service::Settings settings;
    settings.errors = embedded::errors;
    http::Service service(std::move(settings), bench.gate, bench.clock, bench.notes);
    const Response html = page_for(bench, service, browser);
    CHECK(html.status == 200);
    CHECK(test::header(html, "Content-Type") == "text/html; charset=utf-8");
    CHECK(test::header(html, "Content-Security-Policy") == http::errors_page_policy);
    CHECK(test::header(html, "X-Content-Type-Options") == "nosniff");
    CHECK(test::header(html, "Vary") == "Accept");
    CHECK(html.body == http::errors_page(embedded::errors));
    for (const std::string accept : {"", "*/*", "text/markdown", "application/json",
                                     "text/html;q=0.5, text/markdown", "text/html;q=0"}) {
        INFO(accept);
        const Response plain = page_for(bench, service, accept);
        CHECK(test::header(plain, "Content-Type") == "text/markdown; charset=utf-8");
        CHECK(plain.body == embedded::errors);
    }
}

TEST_CASE("every reason has its anchor on the page, once") {
    const std::string page = http::errors_page(embedded::errors);
    std::size_t anchors = 0;
    const auto check = [&](std::string_view reason) {
        INFO(reason);
        CHECK(count(page, " id=\"" + std::string(reason) + "\"") == 1);
        ++anchors;
    };
    for (std::size_t i = 0; i < reason_count; ++i)
        if (static_cast<Reason>(i) != Reason::granted)
            check(to_text(static_cast<Reason>(i)));
    for (const std::string_view reason : http::other_reasons)
        check(reason);
    CHECK(count(page, " id=\"") == anchors);
}

TEST_CASE("the page's elements are closed, and no Markdown is left where it meant something") {
    const std::string page = http::errors_page(embedded::errors);
    for (const char* const element : {"p", "pre", "code", "b", "h1", "h2", "h3", "style", "body"}) {
        INFO(element);
        const std::string name(element);
        CHECK(count(page, "<" + name + ">") + count(page, "<" + name + " ") ==
              count(page, "</" + name + ">"));
    }
    const std::string prose =
        std::regex_replace(page, std::regex("<pre>[^]*?</pre>|<code>[^]*?</code>"), "");
    CHECK(prose.find('`') == std::string::npos);
    CHECK(prose.find("**") == std::string::npos);
    CHECK(prose.find("\n# ") == std::string::npos);
    CHECK(count(page, "<h1>") == 1);
}

TEST_CASE("whatever a text holds, it makes no element of the page") {
    const std::string page = http::errors_page(
        "# A <b>\n\n## bad\" onload=\"x\n\n<script>alert(1)</script> & `<i>` **<u>**\n\n"
        "```\n</code></pre><script>\n```\n\n`open **too\n");
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("<i>") == std::string::npos);
    CHECK(page.find("<u>") == std::string::npos);
    CHECK(page.find(" onload=\"") == std::string::npos);
    CHECK(page.find("<h3 id") == std::string::npos);  // no reason
    CHECK(page.find("&lt;script&gt;alert(1)&lt;/script&gt; &amp; <code>&lt;i&gt;</code>") !=
          std::string::npos);
    CHECK(page.find("`open **too") != std::string::npos);
}

TEST_CASE("the page may use its own style and nothing else") {
    const std::string page = http::errors_page("");
    const std::size_t from = page.find("<style>") + 7;
    const std::string style = page.substr(from, page.find("</style>") - from);
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(style.data()), style.size());
    char text[64];
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    const std::string policy(http::errors_page_policy);
    CHECK(policy.starts_with("default-src 'none'; "));
    CHECK(policy.find("style-src 'sha256-" + std::string(text) + "'") != std::string::npos);
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find(" style=") == std::string::npos);
    CHECK(page.find("://") == std::string::npos);
}
