// The part of SqliteRows that reads and writes members.
#include <utility>

#include "store/errors.h"
#include "store/paging.h"
#include "store/rows.h"
#include "store/sqlite_rows.h"

namespace hourgate::store {

using manage::Slice;

namespace {

std::string select_members(const char* where) {
    return std::string("SELECT") + member_columns + "FROM members m " + where;
}

}  // namespace

std::optional<Member> SqliteRows::one_member(SQLite::Statement& query) {
    if (!query.executeStep())
        return std::nullopt;
    return member_from(query, 0);
}

Result<std::optional<Member>> SqliteRows::member_by_row(std::int64_t id) {
    return guarded(path_, [&]() -> Result<std::optional<Member>> {
        SQLite::Statement query = prepare(select_members("WHERE m.id = ?1"));
        query.bind(1, id);
        return one_member(query);
    });
}

Result<std::optional<Member>> SqliteRows::member_by_id(std::string_view public_id) {
    return guarded(path_, [&]() -> Result<std::optional<Member>> {
        SQLite::Statement query = prepare(select_members("WHERE m.public_id = ?1"));
        bind_text(query, 1, public_id);
        return one_member(query);
    });
}

Result<std::vector<Member>> SqliteRows::members_by_email(
    std::string_view email, std::optional<std::int64_t> workspace_row) {
    return guarded(path_, [&]() -> Result<std::vector<Member>> {
        SQLite::Statement query = prepare(select_members(
            workspace_row
                ? "WHERE m.kind = 0 AND m.email = ?1 COLLATE NOCASE AND m.workspace_id = ?2"
                : "WHERE m.kind = 0 AND m.email = ?1 COLLATE NOCASE ORDER BY m.id"));
        bind_text(query, 1, email);
        if (workspace_row)
            query.bind(2, *workspace_row);
        std::vector<Member> members;
        while (auto member = one_member(query))
            members.push_back(*std::move(member));
        return members;
    });
}

Result<std::optional<Member>> SqliteRows::service(std::int64_t workspace_row,
                                                  std::string_view name) {
    return guarded(path_, [&]() -> Result<std::optional<Member>> {
        SQLite::Statement query =
            prepare(select_members("WHERE m.kind = 1 AND m.workspace_id = ?1 AND m.name = ?2"));
        query.bind(1, workspace_row);
        bind_text(query, 2, name);
        return one_member(query);
    });
}

Result<std::vector<Member>> SqliteRows::present_members(std::int64_t workspace_row,
                                                        std::span<const Role> roles,
                                                        std::int64_t members_max,
                                                        std::optional<std::int64_t> rows_max) {
    return guarded(path_, [&]() -> Result<std::vector<Member>> {
        std::string of_roles;  // numbers of an enumeration
        for (const Role role : roles)
            of_roles.append(of_roles.empty() ? "" : ",").append(std::to_string(index(role)));
        SQLite::Statement query = prepare(select_members(
            ("WHERE m.id IN (SELECT id FROM members WHERE workspace_id = ?1 ORDER BY id LIMIT ?2)"
             " AND m.removed_ms IS NULL AND m.role IN (" +
             of_roles + ") ORDER BY m.id LIMIT ?3")
                .c_str()));
        query.bind(1, workspace_row);
        query.bind(2, rows_max.value_or(-1));
        query.bind(3, members_max);
        std::vector<Member> members;
        while (auto member = one_member(query))
            members.push_back(*std::move(member));
        return members;
    });
}

namespace {

/// ?1 is the workspace, ?2 the role, ?3 the kind, ?5 the member.
std::string where_of(const manage::MemberRows& which) {
    std::string where = "WHERE m.workspace_id = ?1";
    if (which.role)
        where += " AND m.role = ?2";
    if (which.kind)
        where += " AND m.kind = ?3";
    if (which.member)
        where += " AND m.id = ?5";
    if (which.removed)
        where += *which.removed ? " AND m.removed_ms IS NOT NULL" : " AND m.removed_ms IS NULL";
    return where;
}

std::string order_of_members(const Page& page) {
    switch (page.by) {
        case manage::OrderBy::standard:
            return by_row(page, 'm');
        case manage::OrderBy::name:
            return by_column(page, 'm', "members", "name");
        case manage::OrderBy::email:
            return by_column(page, 'm', "members", "email COLLATE NOCASE");
    }
    return "";
}

}  // namespace

Result<Slice<Member>> SqliteRows::members(const manage::MemberRows& which, const Page& page) {
    return guarded(path_, [&]() -> Result<Slice<Member>> {
        if (page.by != manage::OrderBy::standard)
            if (Status there = check_still_there("members", page); !there)
                return there.failure();
        SQLite::Statement query = prepare(
            select_members((where_of(which) + found_in(page, {"m.name", "m.email", "m.public_id"}) +
                            order_of_members(page))
                               .c_str()));
        query.bind(1, which.workspace);
        if (which.role)
            query.bind(2, static_cast<int>(*which.role));
        if (which.kind)
            query.bind(3, static_cast<int>(*which.kind));
        if (which.member)
            query.bind(5, *which.member);
        bind_search(query, page);
        bind_page(query, page, start_of(page));
        std::vector<Member> members;
        while (auto member = one_member(query))
            members.push_back(*std::move(member));
        return sliced(std::move(members), page, [](const Member& member) {
            return manage::Position{0, member.id};
        });
    });
}

Result<std::int64_t> SqliteRows::live_tokens_of(std::int64_t member_row, std::int64_t now_ms) {
    return guarded(path_, [&]() -> Result<std::int64_t> {
        SQLite::Statement query = prepare(
            std::string("SELECT count(*) FROM tokens t WHERE t.member_id = ?2 AND") + live_token);
        query.bind(1, now_ms);
        query.bind(2, member_row);
        query.executeStep();
        return int_from(query, 0);
    });
}

Status SqliteRows::add(Member& member) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement insert = prepare(
            "INSERT INTO members (public_id, workspace_id, kind, email, name, role, removed_ms,"
            " created_ms, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        member.id = next_number("members");
        insert.bind(1, member.public_id);
        insert.bind(2, member.workspace_id);
        insert.bind(3, static_cast<int>(member.kind));
        insert.bind(4, member.email);
        insert.bind(5, member.name);
        insert.bind(6, static_cast<int>(member.role));
        bind_or_null(insert, 7, member.removed_ms);
        insert.bind(8, member.created_ms);
        insert.bind(9, member.id);
        insert.exec();
        return Done{};
    });
}

Status SqliteRows::update(const Member& member) {
    return guarded(path_, [&]() -> Status {
        SQLite::Statement change = prepare(
            "UPDATE members SET email = ?2, name = ?3, role = ?4, removed_ms = ?5 WHERE id = ?1");
        change.bind(1, member.id);
        change.bind(2, member.email);
        change.bind(3, member.name);
        change.bind(4, static_cast<int>(member.role));
        bind_or_null(change, 5, member.removed_ms);
        change.exec();
        return Done{};
    });
}

}  // namespace hourgate::store
