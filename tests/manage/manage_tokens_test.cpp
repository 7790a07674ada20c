// Tokens: each use case, its audit event, and every way in which it can be refused.
#include <span>
#include <string>

#include "base/limits.h"
#include "manage/audit_log.h"
#include "support/database_bench.h"
#include "token/digest.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;
using policy::Reach;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

/// One workspace with one owner.
class Acme : public DatabaseBench {
public:
    const std::string ws = workspace("acme");
    const std::string ann = person(ws, "ann@acme.example", Role::owner);

    [[nodiscard]] NewToken asked(const std::string& name = "ci") const {
        NewToken token;
        token.member = ann;
        token.name = name;
        return token;
    }
    TokenRecord stored(const std::string& prefix) {
        return take(show_token(context(), prefix)).token;
    }
    std::string status(const std::string& prefix) {
        return std::string(status_of(stored(prefix), clock.wall_ms));
    }
};

}  // namespace

TEST_CASE("a minted token is what was asked for, is shown once and stored as a digest") {
    Acme bench;
    NewToken asked = bench.asked("café ci");
    asked.env = token::Env::test;
    asked.scopes = {{"clients", Reach::read}, {"tasks", Reach::all}};
    asked.expires_ms = bench.clock.wall_ms + hour_ms;
    const MintedToken minted = take(mint_token(bench.context(), asked));

    const std::string_view text = minted.token.reveal();
    const token::Parsed parsed = token::parse(text, "hsk");
    CHECK(parsed.flaw == token::Flaw::none);
    CHECK(parsed.env == token::Env::test);
    const TokenRecord& made = minted.view.token;
    CHECK(parsed.prefix == made.prefix);
    CHECK(minted.view.member.public_id == bench.ann);
    CHECK(minted.view.workspace_id == bench.ws);
    CHECK(minted.view.workspace_name == "acme");

    const TokenRecord stored = bench.stored(made.prefix);
    CHECK(stored.id == made.id);
    CHECK(stored.line == stored.id);
    CHECK(stored.name == "café ci");
    CHECK(stored.env == token::Env::test);
    CHECK(stored.scopes == asked.scopes);
    CHECK(stored.created_ms == bench.clock.wall_ms);
    CHECK(stored.line_created_ms == bench.clock.wall_ms);
    CHECK(stored.expires_ms == asked.expires_ms);
    CHECK_FALSE(stored.is_operator);
    CHECK(bench.status(made.prefix) == "live");

    const token::Digest digest = token::digest_of(text);
    std::string hex;
    for (const std::uint8_t byte : digest)
        for (const int half : {byte >> 4, byte & 15})
            hex += "0123456789ABCDEF"[half];
    CHECK(bench.text("SELECT hex(digest) FROM tokens") == hex);

    CHECK(bench.last_event("action") == "token.mint");
    CHECK(bench.last_event("object") == made.prefix);
    CHECK(bench.last_event("workspace_id") == bench.ws);
    CHECK(bench.last_event("after") ==
          R"({"name":"café ci","env":"test","scopes":"clients:read tasks:*",)"
          R"("expires":"2026-11-18T12:06:40Z","member":")" +
              bench.ann + "\"}");
    CHECK(bench.text("SELECT group_concat(before || after || object) FROM audit_events")
              .find(text.substr(text.rfind('_') + 1)) == std::string::npos);
}

TEST_CASE("a mint that names no environment takes the gate's own") {
    Acme bench;
    bench.rules.env = token::Env::test;
    bench.rules.brand = "zed";
    const MintedToken minted = take(mint_token(bench.context(), bench.asked()));
    CHECK(minted.view.token.env == token::Env::test);
    CHECK(minted.token.reveal().substr(0, 9) == "zed_test_");
}

TEST_CASE("a token that cannot work is minted with a warning that says why") {
    Acme bench;
    bench.person(bench.ws, "bob@acme.example");
    const auto warned = [&](NewToken asked, Context context) {
        std::string all;
        for (const std::string& warning : take(mint_token(context, asked)).warnings)
            all += warning + "\n";
        return all;
    };
    const auto has = [](const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    };
    Context context = bench.context();
    context.lapse_to = "free";
    context.passes_something = [](Role role, std::span<const policy::Scope> scopes) {
        return role == Role::owner && (scopes.empty() || scopes.front().resource == "clients");
    };
    CHECK(warned(bench.asked(), context).empty());

    NewToken of_test = bench.asked();
    of_test.env = token::Env::test;
    CHECK(has(warned(of_test, context), "this gate accepts only live tokens"));
    CHECK(has(warned(of_test, context), "401 wrong_environment"));

    NewToken narrow = bench.asked();
    narrow.scopes = {{"moon", Reach::read}};
    CHECK(has(warned(narrow, context), "may do nothing that these scopes allow: moon:read"));
    CHECK(has(warned(narrow, context), "Every call to the API is answered 403."));
    narrow.scopes = {{"clients", Reach::read}, {"moon", Reach::read}};
    CHECK(has(warned(narrow, context), "The token works for its other scopes."));
    NewToken of_bob = bench.asked();
    of_bob.member = "acme/bob@acme.example";
    CHECK(has(warned(of_bob, context), "Role member has no access to any resource"));

    take(change_workspace(bench.context(), bench.ws, hourgate::test::to_plan("free")));
    CHECK(has(warned(bench.asked(), context), "on plan 'free', which has no API access"));
    take(change_workspace(bench.context(), bench.ws,
                          hourgate::test::to_plan("studio", bench.clock.wall_ms - hour_ms)));
    CHECK(has(warned(bench.asked(), context), "lapsed at 2026-11-18T"));
    CHECK(has(warned(bench.asked(), context), "counts as plan 'free'"));
    // A lapsed workspace whose plan for that has access is served.
    context.lapse_to = "agency";
    CHECK(warned(bench.asked(), context).empty());
}

TEST_CASE("a successor that cannot work either comes with the same warning") {
    Acme bench;
    const std::string prefix = bench.mint(bench.ann).view.token.prefix;
    take(change_workspace(bench.context(), bench.ws, hourgate::test::to_plan("free")));
    const MintedToken next = take(rotate_token(bench.context(), prefix, std::nullopt));
    REQUIRE(next.warnings.size() == 1);
    CHECK(next.warnings.front().find("no API access") != std::string::npos);
}

TEST_CASE("an operator token belongs to no member") {
    Acme bench;
    const MintedToken minted = take(mint_operator(bench.context(), "root"));
    const TokenView view = take(show_token(bench.context(), minted.view.token.prefix));
    CHECK(view.token.is_operator);
    CHECK(view.token.member_id == 0);
    CHECK(view.member.public_id.empty());
    CHECK(view.workspace_id.empty());
    CHECK_FALSE(view.token.expires_ms.has_value());
    CHECK(bench.last_event("action") == "token.mint");
    CHECK(bench.last_event("workspace_id").empty());
    CHECK(bench.last_event("after") ==
          R"({"name":"root","env":"live","scopes":"","expires":null,"kind":"operator"})");
    CHECK(refused(bench, [&] { return mint_operator(bench.context(), ""); }).fault == Fault::usage);
}

TEST_CASE("a mint is refused where the text itself is wrong") {
    Acme bench;
    Context context = bench.context();
    context.scope_known = [](std::string_view resource) { return resource == "clients"; };
    NewToken asked = bench.asked();
    std::string said;
    SECTION("no name") {
        asked.name = "";
        said = "a token cannot be named ''";
    }
    SECTION("a name with a control byte") {
        asked.name = "a\rb";
        said = "a token cannot be named";
    }
    SECTION("a name with a null byte") {
        asked.name = std::string("a\0b", 3);
        said = "a token";
    }
    SECTION("a long name") {
        asked.name = std::string(101, 'n');
        said = "a token cannot be named";
    }
    SECTION("a scope on nothing") {
        asked.scopes = {{"clients", Reach::read}, {"moon", Reach::all}};
        said = "the scope 'moon:*' names no resource";
    }
    SECTION("many scopes") {
        asked.scopes.assign(limits::scopes_max + 1, {"clients", Reach::read});
        said = "33 scopes are too many";
    }
    SECTION("an expiry now") {
        asked.expires_ms = context.now.wall_ms;
        said = "an expiry of 2026-11-18T11:06:40Z is in the past";
    }
    SECTION("an expiry after the end of the line") {
        asked.expires_ms = context.now.wall_ms + context.tokens.line_max_s * 1'000 + 1;
        said = "is later than a token may live";
    }
    const Failure failure = refused(bench, [&] { return mint_token(context, asked); });
    CHECK(failure.fault == Fault::usage);
    INFO(failure.what);
    CHECK(failure.what.find(said) != std::string::npos);
    CHECK_FALSE(failure.next.empty());
}

TEST_CASE("a mint is refused for a member who is not there, or was removed") {
    Acme bench;
    NewToken asked = bench.asked();
    asked.member = "mem_nobody";
    CHECK(refused(bench, [&] { return mint_token(bench.context(), asked); }).fault ==
          Fault::not_found);
    const std::string bob = bench.person(bench.ws, "bob@acme.example");
    take(remove_member(bench.context(), bob));
    asked.member = bob;
    const Failure failure = refused(bench, [&] { return mint_token(bench.context(), asked); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "bob@acme.example (" + bob + ") was removed");
    CHECK(failure.next == "bring them back: `hourgate member restore " + bob + "`");
}

TEST_CASE("a member has at most live_max tokens that work, those in their grace included") {
    Acme bench;
    bench.rules.live_max = 3;
    const std::string first = bench.mint(bench.ann).view.token.prefix;
    bench.mint(bench.ann, bench.clock.wall_ms + hour_ms);
    const std::string third = bench.mint(bench.ann).view.token.prefix;
    const auto mint = [&] { return mint_token(bench.context(), bench.asked()); };
    const Failure failure = refused(bench, mint);
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "ann@acme.example (" + bench.ann +
                              ") has 3 live tokens, as many as tokens.live_max allows");

    take(rotate_token(bench.context(), third, {}));  // a full house may rotate
    refused(bench, mint);
    bench.revoke(first);
    refused(bench, mint);            // the rotated token is in its grace, and counts
    bench.clock.wall_ms += hour_ms;  // the second expires
    take(mint());
    refused(bench, mint);
}

TEST_CASE("tokens are listed newest first, of all or of one workspace") {
    Acme bench;
    const std::string first = bench.mint(bench.ann).view.token.prefix;
    bench.clock.wall_ms += 1;
    const std::string second = bench.token_of("bolt");
    const std::string root = take(mint_operator(bench.context(), "root")).view.token.prefix;
    const auto all = take(list_tokens(bench.context())).items;
    REQUIRE(all.size() == 3);
    CHECK(all[0].token.prefix == root);
    CHECK(all[1].token.prefix == second);
    CHECK(all[1].workspace_name == "bolt");
    CHECK(all[2].token.prefix == first);
    const auto of_acme = take(list_tokens(bench.context(), {"acme", ""})).items;
    REQUIRE(of_acme.size() == 1);
    CHECK(of_acme[0].token.prefix == first);
    CHECK(list_tokens(bench.context(), {"nobody", ""}).failure().fault == Fault::not_found);
}

TEST_CASE("a token named by anything but a prefix is refused, and never repeated") {
    Acme bench;
    const MintedToken minted = take(mint_token(bench.context(), bench.asked()));
    const std::string whole(minted.token.reveal());
    for (const std::string& text : {whole, std::string("0123456789AB"), std::string()}) {
        for (const Failure& failure :
             {refused(bench, [&] { return show_token(bench.context(), text); }),
              refused(bench, [&] { return rotate_token(bench.context(), text, {}); }),
              refused(bench, [&] { return revoke_tokens(bench.context(), {text}); })}) {
            CHECK(failure.fault == Fault::usage);
            CHECK(failure.what == "that is not the prefix of a token");
        }
    }
    const Failure unknown =
        refused(bench, [&] { return show_token(bench.context(), "0123456789ab"); });
    CHECK(unknown.fault == Fault::not_found);
    CHECK(unknown.what == "there is no token with the prefix 0123456789ab");
}

TEST_CASE("rotation keeps member, name, scopes, environment, line and length of life") {
    Acme bench;
    NewToken asked = bench.asked("ci");
    asked.env = token::Env::test;
    asked.scopes = {{"clients", Reach::write}};
    asked.expires_ms = bench.clock.wall_ms + 10 * hour_ms;
    const std::string old_prefix = take(mint_token(bench.context(), asked)).view.token.prefix;
    const std::int64_t born = bench.clock.wall_ms;
    bench.clock.wall_ms += 4 * hour_ms;
    const MintedToken next = take(rotate_token(bench.context(), old_prefix, 3'600));

    const TokenRecord old = bench.stored(old_prefix);
    const TokenRecord made = bench.stored(next.view.token.prefix);
    CHECK(token::parse(next.token.reveal(), "hsk").flaw == token::Flaw::none);
    CHECK(made.prefix != old.prefix);
    CHECK(made.id != old.id);
    CHECK(made.line == old.line);
    CHECK(made.line_created_ms == born);
    CHECK(made.created_ms == bench.clock.wall_ms);
    CHECK(made.member_id == old.member_id);
    CHECK(made.name == "ci");
    CHECK(made.env == token::Env::test);
    CHECK(made.scopes == asked.scopes);
    CHECK(made.expires_ms == bench.clock.wall_ms + 10 * hour_ms);
    CHECK_FALSE(made.rotated_ms.has_value());
    CHECK(old.rotated_ms == bench.clock.wall_ms);
    CHECK(old.works_until_ms == bench.clock.wall_ms + hour_ms);
    CHECK(next.view.workspace_name == "acme");
    CHECK(next.view.member.public_id == bench.ann);

    CHECK(bench.status(old_prefix) == "grace");
    CHECK(bench.status(made.prefix) == "live");
    CHECK(bench.last_event("action") == "token.rotate");
    CHECK(bench.last_event("object") == old_prefix);
    CHECK(bench.last_event("workspace_id") == bench.ws);
    CHECK(bench.last_event("after") == R"({"successor":")" + made.prefix +
                                           R"(","expires":"2026-11-19T01:06:40Z",)"
                                           R"("oldWorksUntil":"2026-11-18T16:06:40Z"})");
    bench.clock.wall_ms += hour_ms;
    CHECK(bench.status(old_prefix) == "rotated");
}

TEST_CASE("a token names the one it was rotated from and the one it was rotated into") {
    Acme bench;
    const auto links = [&](const std::string& prefix) {
        const TokenLinks found =
            take(links_of(bench.context(), take(show_token(bench.context(), prefix)).token));
        return found.predecessor + " < " + prefix + " < " + found.successor;
    };
    const std::string first = bench.mint(bench.ann).view.token.prefix;
    const std::string alone = bench.mint(bench.ann).view.token.prefix;
    CHECK(links(first) == " < " + first + " < ");
    bench.clock.wall_ms += 1'000;
    const MintedToken second = take(rotate_token(bench.context(), first, 0));
    CHECK(second.predecessor == first);
    const std::string next = second.view.token.prefix;
    bench.clock.wall_ms += 1'000;
    const std::string third = take(rotate_token(bench.context(), next, 3'600)).view.token.prefix;
    CHECK(links(first) == " < " + first + " < " + next);
    CHECK(links(next) == first + " < " + next + " < " + third);
    CHECK(links(third) == next + " < " + third + " < ");
    CHECK(links(alone) == " < " + alone + " < ");
    // Repeated, because the answer was lost: the unused successor is in nobody's way.
    Context again = bench.context();
    again.settle_usage = [] { return Status(Done{}); };
    bench.clock.wall_ms += 1'000;
    again.now = bench.clock.now();
    const std::string fourth = take(rotate_token(again, next, {})).view.token.prefix;
    CHECK(links(next) == first + " < " + next + " < " + fourth);
    CHECK(links(fourth) == next + " < " + fourth + " < ");
    CHECK(links(third) == next + " < " + third + " < ");
    // The rotation is found by either token.
    const auto rotations = [&](const std::string& object) {
        AuditFilter filter;
        filter.action = "token.rotate";
        filter.object = object;
        std::string objects;
        for (const AuditEvent& event : take(list_events(bench.context(), filter)).items)
            objects += event.object + " ";
        return objects;
    };
    CHECK(rotations(first) == first + " ");
    CHECK(rotations(fourth) == next + " ");
    CHECK(rotations(next) == next + " " + next + " " + first + " ");
    CHECK(rotations(alone).empty());
}

TEST_CASE("a grace or a life beyond its bound is refused with the bound in the unit typed") {
    Acme bench;
    const Context context = bench.context();
    const auto said = [](const Status& status) {
        REQUIRE_FALSE(status.ok());
        return status.failure().what + "; " + status.failure().next;
    };
    CHECK(said(check_grace(context, 400 * 86'400, "400d")) ==
          "a grace of '400d' is out of bounds; give at most 365d, or 0 to end the old token at "
          "once");
    CHECK(said(check_grace(context, 400 * 86'400, "9600h")).find("at most 8760h,") !=
          std::string::npos);
    CHECK(said(check_grace(context, 400 * 86'400)).find("a grace of 400d is out of bounds") == 0);
    CHECK(check_grace(context, 365 * 86'400, "365d").ok());
    CHECK(said(check_life(context, 36'500 * std::int64_t{86'400}, "36500d")) ==
          "an expiry of '36500d' from now is later than a token may live; ask for at most 365d, as "
          "[tokens] line_max says");
    CHECK(check_life(context, 365 * 86'400, "365d").ok());
}

TEST_CASE("grace is the configured one, may be none, and never outlasts the old token") {
    Acme bench;
    const auto grace_end = [&](std::optional<std::int64_t> expires_ms,
                               std::optional<std::int64_t> grace_s) {
        const std::string prefix = bench.mint(bench.ann, expires_ms).view.token.prefix;
        take(rotate_token(bench.context(), prefix, grace_s));
        return *bench.stored(prefix).works_until_ms - bench.clock.wall_ms;
    };
    CHECK(grace_end({}, {}) == 24 * hour_ms);
    CHECK(grace_end({}, 60) == 60'000);
    CHECK(grace_end({}, 0) == 0);
    CHECK(grace_end(bench.clock.wall_ms + hour_ms, {}) == hour_ms);
    const std::string prefix = bench.mint(bench.ann).view.token.prefix;
    for (const std::int64_t grace_s : {std::int64_t{-1}, INT64_MAX})
        CHECK(refused(bench, [&] {
                  return rotate_token(bench.context(), prefix, grace_s);
              }).fault == Fault::usage);
}

TEST_CASE("a line with an expiry ends line_max after its first mint, however often it is rotated") {
    Acme bench;
    bench.rules.line_max_s = 10 * 3'600;
    const std::int64_t born = bench.clock.wall_ms;
    std::string prefix = bench.mint(bench.ann, born + 6 * hour_ms).view.token.prefix;
    bench.clock.wall_ms += 3 * hour_ms;
    prefix = take(rotate_token(bench.context(), prefix, {})).view.token.prefix;
    CHECK(bench.stored(prefix).expires_ms == born + 9 * hour_ms);
    bench.clock.wall_ms += 5 * hour_ms;
    prefix = take(rotate_token(bench.context(), prefix, {})).view.token.prefix;
    CHECK(bench.stored(prefix).expires_ms == born + 10 * hour_ms);

    bench.rules.line_max_s = 8 * 3'600;  // the operator has since shortened it
    const Failure failure =
        refused(bench, [&] { return rotate_token(bench.context(), prefix, {}); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "the line of token " + prefix + " ended at 2026-11-18T19:06:40Z");

    const std::string endless = bench.mint(bench.ann).view.token.prefix;
    bench.clock.wall_ms += 100 * hour_ms;
    const MintedToken next = take(rotate_token(bench.context(), endless, {}));
    CHECK_FALSE(next.view.token.expires_ms.has_value());
}

TEST_CASE("a token that is revoked, expired, rotated or whose member was removed does not rotate") {
    Acme bench;
    const std::string bob = bench.person(bench.ws, "bob@acme.example");
    const std::string prefix = bench.mint(bob, bench.clock.wall_ms + hour_ms).view.token.prefix;
    std::string said;
    SECTION("revoked") {
        bench.revoke(prefix);
        said = "was revoked at 2026-11-18T11:06:40Z";
    }
    SECTION("expired") {
        bench.clock.wall_ms += hour_ms;
        said = "expired at 2026-11-18T12:06:40Z";
    }
    SECTION("rotated") {
        take(rotate_token(bench.context(), prefix, {}));
        said = "was rotated at 2026-11-18T11:06:40Z";
    }
    SECTION("member removed") {
        take(remove_member(bench.context(), bob));
        said = "belongs to bob@acme.example (" + bob + "), who was removed";
    }
    const Failure failure =
        refused(bench, [&] { return rotate_token(bench.context(), prefix, {}); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.what == "token " + prefix + " " + said);
    CHECK_FALSE(failure.next.empty());
}

TEST_CASE("an operator token rotates like another") {
    DatabaseBench bench;
    const std::string prefix = take(mint_operator(bench.context(), "root")).view.token.prefix;
    const MintedToken next = take(rotate_token(bench.context(), prefix, 0));
    CHECK(next.view.token.is_operator);
    CHECK(next.view.token.name == "root");
    CHECK(bench.last_event("workspace_id").empty());
}

TEST_CASE("revoked is final; once more is done and unchanged") {
    Acme bench;
    const std::string prefix = bench.mint(bench.ann).view.token.prefix;
    const auto revoked = take(revoke_tokens(bench.context(), {prefix, prefix}));
    REQUIRE(revoked.size() == 1);
    CHECK(revoked[0].token.revoked_ms == bench.clock.wall_ms);
    CHECK(bench.status(prefix) == "revoked");
    CHECK(bench.last_event("action") == "token.revoke");
    CHECK(bench.last_event("object") == prefix);
    CHECK(bench.last_event("workspace_id") == bench.ws);
    CHECK(bench.last_event("after") == R"({"revoked":"2026-11-18T11:06:40Z"})");

    const std::int64_t events = bench.events(), version = bench.version();
    const std::int64_t then = bench.clock.wall_ms;
    bench.clock.wall_ms += 1'000;
    CHECK(take(revoke_tokens(bench.context(), {prefix}))[0].token.revoked_ms == then);
    CHECK(bench.events() == events);
    CHECK(bench.version() == version);
}

TEST_CASE("several tokens are revoked together, in the order named, or none is") {
    Acme bench;
    const std::string one = bench.mint(bench.ann).view.token.prefix;
    const std::string two = bench.mint(bench.ann).view.token.prefix;
    const Failure failure = refused(bench, [&] {
        return revoke_tokens(bench.context(), {one, "0123456789ab", two});
    });
    CHECK(failure.fault == Fault::not_found);
    CHECK(bench.status(one) == "live");
    const auto revoked = take(revoke_tokens(bench.context(), {two, one}));
    REQUIRE(revoked.size() == 2);
    CHECK(revoked[0].token.prefix == two);
    CHECK(bench.status(one) == "revoked");
    CHECK(bench.events() == bench.number("SELECT max(id) FROM audit_events"));
}

TEST_CASE("what a token is called follows what the gate would say of it") {
    TokenRecord token;
    CHECK(status_of(token, 100) == "live");
    token.expires_ms = 100;
    CHECK(status_of(token, 99) == "live");
    CHECK(status_of(token, 100) == "expired");
    token.rotated_ms = 10;
    token.works_until_ms = 50;
    CHECK(status_of(token, 49) == "grace");
    CHECK(status_of(token, 50) == "rotated");
    CHECK(status_of(token, 100) == "rotated");
    token.revoked_ms = 20;
    CHECK(status_of(token, 30) == "revoked");
}
