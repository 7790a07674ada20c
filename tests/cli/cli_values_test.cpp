// Arguments as values, lines as people read them, words as a shell reads them.
#include <string>
#include <vector>

#include "base/time_text.h"
#include "cli/output.h"
#include "cli/shell.h"
#include "cli/values.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::cli;

namespace {

Arguments with(std::string_view name, const std::vector<std::string>& values) {
    Arguments arguments;
    arguments.add(name, values);
    return arguments;
}

constexpr std::int64_t now_ms = 1'764'000'000'000;

}  // namespace

TEST_CASE("an end is a span from now or a date; what is neither is refused with the form") {
    const auto end = [](const Arguments& arguments) {
        return end_of(arguments, "--expires", now_ms);
    };
    CHECK(end({}).value() == std::nullopt);
    CHECK(end(with("--expires", {"90d"})).value().value() == now_ms + 90 * 86'400'000LL);
    CHECK(end(with("--expires", {"2027-01-31"})).value().value() ==
          parse_time("2027-02-01T00:00:00Z"));
    for (const std::string never : {"never", "none"}) {
        const auto given = end(with("--expires", {never}));
        REQUIRE(given.ok());
        REQUIRE(given.value().has_value());       // given, and
        CHECK_FALSE(given.value()->has_value());  // without an end
        // Where there is always an end, it says so.
        const auto from = listing_of(with("--from", {never}), 10, now_ms);
        REQUIRE_FALSE(from.ok());
        CHECK(from.failure().next.find("leave the option out") != std::string::npos);
    }
    CHECK(span_of(with("--grace", {"none"}), "--grace").value() == 0);
    CHECK_FALSE(span_of(with("--grace", {"never"}), "--grace").ok());
    for (const std::string bad : {"", "soon", "90", "-1d", "2027-02-30", "1h30m", "999999999d"}) {
        const auto off = end(with("--expires", {bad}));
        REQUIRE_FALSE(off.ok());
        CHECK(off.failure().fault == Fault::usage);
        CHECK(off.failure().what.find("--expires") == 0);
    }
}

TEST_CASE("dates, spans, numbers, yes, roles and environments say which form they have") {
    CHECK(span_of(with("--grace", {"0"}), "--grace").value() == 0);
    CHECK(span_of(with("--grace", {"24h"}), "--grace").value() == 86'400);
    CHECK_FALSE(span_of(with("--grace", {"2027-01-31"}), "--grace").ok());
    CHECK(number_of(with("--rank", {"7"}), "--rank", 10).value() == 7);
    for (const std::string bad : {"-1", "11", "x", "", "1.5"})
        CHECK_FALSE(number_of(with("--rank", {bad}), "--rank", 10).ok());
    CHECK(yes_or_no(with("--api", {"yes"}), "--api").value() == true);
    CHECK(yes_or_no(with("--api", {"no"}), "--api").value() == false);
    CHECK_FALSE(yes_or_no(with("--api", {"true"}), "--api").ok());
    CHECK(role_of(with("--role", {"admin"}), "--role").value() == Role::admin);
    CHECK_FALSE(role_of(with("--role", {"operator"}), "--role").ok());
    CHECK_FALSE(role_of(with("--role", {"Admin"}), "--role").ok());
    CHECK(env_of(with("--env", {"test"}), "--env").value() == token::Env::test);
    CHECK_FALSE(env_of(with("--env", {"prod"}), "--env").ok());
}

TEST_CASE("a list from a day until the same day is that day") {
    const std::int64_t later_ms = *parse_time("2026-12-05T00:00:00Z");
    const auto at = [&](const char* name, const char* date) {
        return listing_of(with(name, {date}), 10, later_ms).value();
    };
    CHECK(at("--from", "2026-11-30").from_ms == parse_time("2026-11-30T00:00:00Z"));
    CHECK(at("--until", "2026-11-30").until_ms == parse_time("2026-12-01T00:00:00Z"));
    CHECK(at("--from", "2026-11-30T12:00:00Z").from_ms == parse_time("2026-11-30T12:00:00Z"));
    CHECK_FALSE(listing_of(with("--from", {"last week"}), 10, now_ms).ok());
}

TEST_CASE("a time is what people type: a day by name, a span back or ahead, a date, an instant") {
    const std::int64_t noon_ms = *parse_time("2026-11-30T12:00:00Z");
    struct Typed {
        const char* text;
        const char* from;   // as --from, --since
        const char* until;  // as --until
        const char* end;    // as --expires, --paid-until
    };
    for (const Typed& typed : {
             Typed{"2h", "2026-11-30T10:00:00Z", "2026-11-30T10:00:00Z", "2026-11-30T14:00:00Z"},
             Typed{"1d", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", "2026-12-01T12:00:00Z"},
             Typed{"now", "2026-11-30T12:00:00Z", "2026-11-30T12:00:00Z", "2026-11-30T12:00:00Z"},
             Typed{"today", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"},
             Typed{"yesterday", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z",
                   "2026-11-30T00:00:00Z"},
             Typed{"tomorrow", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z",
                   "2026-12-02T00:00:00Z"},
             Typed{"2026-11-18", "2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z",
                   "2026-11-19T00:00:00Z"},
             Typed{"2026-11-18T01:02:03Z", "2026-11-18T01:02:03Z", "2026-11-18T01:02:03Z",
                   "2026-11-18T01:02:03Z"},
         }) {
        INFO(typed.text);
        CHECK(time_from(typed.text, from_form, noon_ms) == parse_time(typed.from));
        CHECK(time_from(typed.text, until_form, noon_ms) == parse_time(typed.until));
        CHECK(time_from(typed.text, end_form, noon_ms) == parse_time(typed.end));
    }
    CHECK(time_from("36525d", from_form, now_ms) == 0);  // not before 1970
    const auto both = [&](const char* first, const char* second) {
        Arguments arguments = with(first, {"2h"});
        arguments.add(second, {"1h"});
        return listing_of(arguments, 10, noon_ms);
    };
    CHECK_FALSE(both("--from", "--since").ok());
    CHECK(both("--since", "--until").value().from_ms == parse_time("2026-11-30T10:00:00Z"));
    CHECK(both("--since", "--until").value().until_ms == parse_time("2026-11-30T11:00:00Z"));
}

TEST_CASE("a list that begins in the future is refused with the words that were typed") {
    const std::int64_t noon_ms = *parse_time("2026-11-30T12:00:00Z");
    for (const char* name : {"--from", "--since"}) {
        for (const char* later : {"tomorrow", "2026-12-01", "2026-11-30T12:01Z", "9999-12-31"}) {
            const auto listing = listing_of(with(name, {later}), 10, noon_ms);
            REQUIRE_FALSE(listing.ok());
            CHECK(listing.failure().fault == Fault::usage);
            CHECK(listing.failure().what.starts_with(std::string(name) + ": '" + later + "' ("));
            CHECK(listing.failure().next.find("2026-11-30T12:00:00Z") != std::string::npos);
        }
        for (const char* sooner : {"now", "today", "2026-11-30T12:00Z", "0"})
            CHECK(listing_of(with(name, {sooner}), 10, noon_ms).ok());
        Arguments swapped = with(name, {"1h"});
        swapped.add("--until", {"2h"});
        const auto listing = listing_of(swapped, 10, noon_ms);
        REQUIRE_FALSE(listing.ok());
        CHECK(listing.failure().what.starts_with(std::string(name) + " ("));
    }
    CHECK(listing_of(with("--until", {"tomorrow"}), 10, noon_ms).ok());
}

TEST_CASE("a span that is too long is refused with the bound in the unit that was typed") {
    struct Typed {
        const char* text;
        const char* bound;
    };
    for (const Typed& typed : {Typed{"365000d", "at most 36525d"}, Typed{"876601h", "876600h"},
                               Typed{"52596001m", "at most 52596000m"},
                               Typed{"99999999999999999999s", "at most 3155760000s"}}) {
        INFO(typed.text);
        const auto end = end_of(with("--paid-until", {typed.text}), "--paid-until", now_ms);
        const auto time = time_of(with("--until", {typed.text}), "--until", until_form, now_ms);
        const auto span = span_of(with("--grace", {typed.text}), "--grace");
        for (const Failure& failure : {end.failure(), time.failure(), span.failure()}) {
            CHECK(failure.fault == Fault::usage);
            CHECK(failure.what.find(typed.text) != std::string::npos);
            CHECK(failure.next.find(typed.bound) != std::string::npos);
        }
    }
    CHECK(span_like("9600h", 365 * 86'400) == "8760h");
    CHECK(span_like("400d", 365 * 86'400) == "365d");
    CHECK(span_like("2d", 36 * 3'600) == "36h");  // no whole number of days
    CHECK(span_like("", 86'400) == "1d");
    for (const char* off : {"", "d", "12", "-1d", "1.5h", "1w", "1d "})
        CHECK_FALSE(is_span(off));
}

TEST_CASE("the filters of lists take their own words and no others") {
    CHECK(kind_of(with("--kind", {"service"}), "--kind").value() == MemberKind::service);
    CHECK(kind_of(with("--kind", {"person"}), "--kind").value() == MemberKind::person);
    CHECK_FALSE(kind_of(with("--kind", {"robot"}), "--kind").ok());
    CHECK_FALSE(kind_of({}, "--kind").value().has_value());
    CHECK(removed_of(with("--status", {"removed"}), "--status").value() == true);
    CHECK(removed_of(with("--status", {"present"}), "--status").value() == false);
    CHECK_FALSE(removed_of(with("--status", {"live"}), "--status").ok());
    CHECK(standing_of(with("--standing", {"paid"}), "--standing").value() == Paid::yes);
    CHECK(standing_of(with("--standing", {"grace"}), "--standing").value() == Paid::in_grace);
    CHECK(standing_of(with("--standing", {"lapsed"}), "--standing").value() == Paid::lapsed);
    CHECK_FALSE(standing_of(with("--standing", {"free"}), "--standing").ok());
}

TEST_CASE("scopes are given one by one, or several with commas or spaces between") {
    const auto texts = [](const std::vector<std::string>& given) {
        const auto scopes = scopes_of(with("--scope", given), "--scope");
        return scopes ? policy::to_text(scopes.value()) : "refused: " + scopes.failure().what;
    };
    CHECK(texts({"clients:read"}) == "clients:read");
    CHECK(texts({"clients:read", "tasks:*"}) == "clients:read tasks:*");
    CHECK(texts({"clients:read,tasks:*"}) == "clients:read tasks:*");
    CHECK(texts({" clients:read ,  tasks:* "}) == "clients:read tasks:*");
    CHECK(scopes_of({}, "--scope").value().empty());
    // Asked for, and nothing there: this must not mean "not narrowed".
    CHECK(texts({""}).starts_with("refused"));
    CHECK(texts({","}).starts_with("refused"));
    CHECK(texts({"clients"}).starts_with("refused"));
}

TEST_CASE("a shell reads quoted words back as they were") {
    CHECK(for_shell("plain-word_1.0/x:y=z@h,+%") == "plain-word_1.0/x:y=z@h,+%");
    CHECK(for_shell("Acme Inc") == "'Acme Inc'");
    CHECK(for_shell("") == "''");
    CHECK(for_shell("it's") == "'it'\\''s'");
    CHECK(for_shell("$(rm -rf /)`x`;&|") == "'$(rm -rf /)`x`;&|'");
    CHECK(for_shell("~root") == "'~root'");
    CHECK(for_shell(std::vector<std::string>{"hourgate", "workspace", "add", "Acme Inc"}) ==
          "hourgate workspace add 'Acme Inc'");
}

TEST_CASE("lines and columns are aligned by characters, and what is empty is a dash") {
    CHECK(lines_of({{"id", "x"}, {"paid until", ""}}) == "id          x\npaid until  -\n");
    CHECK(columns_of({{"NAME", "PLAN"}, {"Zo\xc3\xab", "free"}, {"", "studio"}}) ==
          "NAME  PLAN\nZo\xc3\xab   free\n-     studio\n");
    CHECK(columns_of({{"A", "B"}, {"", ""}}) == "A  B\n-  -\n");
}

TEST_CASE("wrong usage exits 2, every other failure 1") {
    CHECK(exit_code_of({Fault::usage, "", ""}) == 2);
    for (const Fault fault : {Fault::not_found, Fault::conflict, Fault::config, Fault::store,
                              Fault::permission, Fault::system})
        CHECK(exit_code_of({fault, "", ""}) == 1);
}

TEST_CASE("a period that ends before it begins is refused, and both of its ends are named") {
    const auto between = [](const char* from, const char* until) {
        Arguments arguments = with("--from", {from});
        arguments.add("--until", {until});
        return listing_of(arguments, 10, *parse_time("2026-12-05T12:00:00Z"));
    };
    CHECK(between("2026-11-01", "2026-11-30").ok());
    CHECK(between("2026-11-30", "2026-11-30").ok());  // that day
    for (const auto& listing : {between("2026-11-30", "2026-11-01"), between("1h", "2h"),
                                between("2h", "2h"), between("today", "yesterday")}) {
        REQUIRE_FALSE(listing.ok());
        CHECK(listing.failure().fault == Fault::usage);
        CHECK(listing.failure().what.find("--from (") == 0);
        CHECK(listing.failure().what.find("--until (") != std::string::npos);
    }
}

TEST_CASE("--sort takes the fields of its list, both ways, and --search a part of a text") {
    const auto page = [](const Arguments& arguments, const manage::ListOrder& order) {
        return page_of(arguments, order);
    };
    CHECK_FALSE(page({}, manage::member_order).value().reversed);
    CHECK(page(with("--sort", {"-name"}), manage::member_order).value().reversed);
    CHECK(page(with("--sort", {"email"}), manage::member_order).value().by ==
          manage::OrderBy::email);
    CHECK_FALSE(page({}, manage::event_order).value().reversed);  // the latest first
    CHECK(page(with("--sort", {"at"}), manage::event_order).value().reversed);
    CHECK(page(with("--sort", {"hour"}), manage::usage_order).value().reversed);
    CHECK(manage::token_order_of(sort_of({}, manage::token_order).value()) ==
          manage::TokenOrder::newest_first);
    CHECK(manage::token_order_of(
              sort_of(with("--sort", {"lastUsed"}), manage::token_order).value()) ==
          manage::TokenOrder::unused_first);
    CHECK(page(with("--search", {"Ann"}), manage::member_order).value().search == "Ann");
    CHECK_FALSE(page(with("--search", {std::string(101, 'x')}), manage::member_order).ok());
    for (const std::string bad : {"", "-", "id", "Name", "+name", "name,email"}) {
        const auto off = page(with("--sort", {bad}), manage::member_order);
        REQUIRE_FALSE(off.ok());
        CHECK(off.failure().next.find("created, name, email") != std::string::npos);
    }
}
