#include "cli/reports.h"

#include <fmt/format.h>

#include "base/time_text.h"
#include "base/visible.h"
#include "build_info.h"
#include "cli/doctor/local_findings.h"
#include "cli/print.h"
#include "cli/show.h"
#include "http/manage/views.h"
#include "store/database.h"

namespace hourgate::cli {

namespace {

std::string text_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

/// Returns "1 member", "2 members".
std::string counted(std::int64_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// Returns "3 tokens minted, 1 token revoked and 12 audit events"; "" if all are 0.
std::string text_of(const store::Losses& losses) {
    std::vector<std::string> parts;
    const auto add = [&](std::int64_t count, const std::string& what, const std::string& done) {
        if (count > 0)
            parts.push_back(counted(count, what) + (done.empty() ? "" : " " + done));
    };
    add(losses.tokens_minted, "token", "minted");
    add(losses.tokens_revoked, "token", "revoked");
    add(losses.tokens_rotated, "token", "rotated");
    add(losses.workspaces_added, "workspace", "added");
    add(losses.members_added, "member", "added");
    add(losses.members_removed, "member", "removed");
    add(losses.audit_events, "audit event", "");
    if (parts.empty())
        return "";
    std::string text = parts.front();
    for (std::size_t at = 1; at < parts.size(); ++at)
        text.append(at + 1 == parts.size() ? " and " : ", ").append(parts[at]);
    return text;
}

/// Returns "3 days ago, at 2026-11-18T11:08:43Z".
std::string age_text(const CommandContext& session, std::int64_t at_ms) {
    const std::int64_t age_ms = session.clock.now().wall_ms - at_ms;
    if (age_ms < 0)
        return "at " + format_time(at_ms) + ", which is ahead of the clock";
    return span_text(age_ms) + " ago, at " + format_time(at_ms);
}

/// Returns the tokens that work again because of the restore, and how to revoke them.
std::string revived_text(const store::Losses& losses) {
    const std::string prefixes = text_of(losses.revived);
    const auto named = static_cast<std::int64_t>(losses.revived.size());
    const std::int64_t more = losses.revived_count - named;
    return prefixes + (more > 0 ? " and " + std::to_string(more) + " more" : "") +
           "; to end them: `hourgate token revoke " + prefixes + "`";
}

/// Returns "'Acme', closed now and open in the backup, comes back". REQUIRES: some workspace does.
std::string back_text(const store::Losses& losses) {
    std::string names;
    for (const std::string& name : losses.workspaces_back)
        names.append(names.empty() ? "" : ", ").append("'" + name + "'");
    const auto named = static_cast<std::int64_t>(losses.workspaces_back.size());
    if (const std::int64_t more = losses.workspaces_back_count - named; more > 0)
        names += " and " + std::to_string(more) + " more";
    return names + ", closed now and open in the backup, " +
           (losses.workspaces_back_count == 1 ? "comes back" : "come back");
}

double seconds_of(const store::Restored& restored) {
    return static_cast<double>(restored.took_us) / static_cast<double>(us_per_s);
}

}  // namespace

Status show_made(const CommandContext& session, const std::string& database,
                 const manage::MintedToken& minted) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    if (wants_json(session)) {
        Json json = {{"database", database}};
        json.update(http::view_of(minted.view, now_ms));
        return print_with_token(session, json, minted.token);
    }
    Pairs pairs = {{"database", database}, {"plans", "free, studio, agency"}};
    const std::string before = lines_of(pairs) +
                               "\nThe first operator token, for those who run the gate:\n" +
                               lines_of(pairs_of(session, minted.view)) +
                               session.output.hinted(
                                   "\nNext:\n"
                                   "hourgate workspace add NAME --plan studio\n"
                                   "hourgate member add NAME EMAIL --role owner\n"
                                   "hourgate token mint NAME/EMAIL --name \"first\"\n"
                                   "and start the server:\nhourgate serve\n");
    return print_with_token(session, before, minted.token);
}

Status show_backup(const CommandContext& session, const std::string& file,
                   const store::BackupReport& report, const std::vector<std::string>& removed) {
    if (const auto mode = report.open_to_others)
        session.output.warn("others may read " + file +
                            ": its file system keeps no modes, and gave "
                            "it " +
                            fmt::format("{:04o}", *mode) + " where 0600 was asked for");
    if (wants_json(session)) {
        Json json = {{"file", file},
                     {"bytes", report.bytes},
                     {"workspaces", report.workspaces},
                     {"members", report.members},
                     {"tokens", report.tokens},
                     {"removed", removed}};
        if (const auto& restored = report.restored)
            json["restores"] = {{"workspaces", restored->workspaces},
                                {"members", restored->members},
                                {"tokens", restored->tokens},
                                {"tokensCompared", restored->compared},
                                {"seconds", seconds_of(*restored)}};
        return print(session, json);
    }
    Pairs pairs = {{"backup", file},
                   {"bytes", std::to_string(report.bytes)},
                   {"workspaces", std::to_string(report.workspaces)},
                   {"members", std::to_string(report.members)},
                   {"tokens", std::to_string(report.tokens)}};
    for (const std::string& path : removed)
        pairs.emplace_back("removed", path);
    std::string text = lines_of(pairs);
    if (const auto& restored = report.restored)
        text += "restores to " + counted(restored->workspaces, "workspace") + ", " +
                counted(restored->members, "member") + ", " + counted(restored->tokens, "token") +
                " in " + fmt::format("{:.3f}", seconds_of(*restored)) + " s (" +
                counted(restored->compared, "token") + " compared)\n";
    return session.output.print(text);
}

void warn_of_losses(const CommandContext& session, const std::string& backup,
                    const store::Losses& losses) {
    const std::string written =
        "the backup " + backup + " was written " + age_text(session, losses.made_ms);
    if (!losses.known) {
        session.output.warn(written +
                            "; what was changed since is not known, because there is no present "
                            "database that can be read");
        return;
    }
    const std::string lost = text_of(losses);
    session.output.warn(written + "; " +
                        (lost.empty()
                             ? "the present database has no changes that the backup does not have"
                             : "the restore loses what the backup does not have: " + lost));
    if (losses.workspaces_back_count > 0)
        session.output.warn((losses.workspaces_back_count == 1 ? "workspace " : "workspaces ") +
                            back_text(losses));
    if (losses.revived_count > 0)
        session.output.warn(counted(losses.revived_count, "token") +
                            " that did not work will work again: " + revived_text(losses));
}

Status show_restored(const CommandContext& session, const std::string& database,
                     const store::RestoreReport& report) {
    const store::Losses& losses = report.losses;
    const bool preview = session.arguments.given("--dry-run");
    if (wants_json(session)) {
        Json json = Json{{"database", database},
                         {"dryRun", preview},
                         {"oldFile", report.old_file.empty() ? Json() : Json(report.old_file)},
                         {"workspaces", report.workspaces},
                         {"members", report.members},
                         {"tokens", report.tokens},
                         {"keptRevoked", report.kept_revoked},
                         {"keptRemoved", report.kept_removed}};
        json["backupWrittenAt"] = format_time(losses.made_ms);
        json["backupAgeSeconds"] = (session.clock.now().wall_ms - losses.made_ms) / ms_per_s;
        json["newestChangeInBackupAt"] =
            losses.newest_ms == 0 ? Json() : Json(format_time(losses.newest_ms));
        json["lost"] = !losses.known ? Json() : Json{{"tokensMinted", losses.tokens_minted},
                                                     {"tokensRevoked", losses.tokens_revoked},
                                                     {"tokensRotated", losses.tokens_rotated},
                                                     {"workspacesAdded", losses.workspaces_added},
                                                     {"membersAdded", losses.members_added},
                                                     {"membersRemoved", losses.members_removed},
                                                     {"auditEvents", losses.audit_events}};
        json["workspacesBack"] = losses.workspaces_back;
        json["workspacesBackCount"] = losses.workspaces_back_count;
        json["worksAgain"] = losses.revived;
        json["worksAgainCount"] = losses.revived_count;
        return print(session, json);
    }
    Pairs pairs = {{"database", database},
                   {"moved away to", preview ? "nothing was changed" : report.old_file},
                   {"workspaces", std::to_string(report.workspaces)},
                   {"members", std::to_string(report.members)},
                   {"tokens", std::to_string(report.tokens)}};
    if (!report.kept_revoked.empty())
        pairs.emplace_back("still revoked", text_of(report.kept_revoked));
    if (!report.kept_removed.empty())
        pairs.emplace_back("still removed", text_of(report.kept_removed));
    pairs.emplace_back("backup written", age_text(session, losses.made_ms));
    if (losses.newest_ms > 0)
        pairs.emplace_back("newest change", age_text(session, losses.newest_ms));
    const std::string lost = text_of(losses);
    pairs.emplace_back("lost since", !losses.known ? "not known" : lost.empty() ? "nothing" : lost);
    if (losses.workspaces_back_count > 0)
        pairs.emplace_back("workspaces back", back_text(losses));
    if (losses.revived_count > 0)
        pairs.emplace_back("work again", session.output.hinted(revived_text(losses)));
    std::string text = lines_of(pairs);
    if (!report.kept_revoked.empty() || !report.kept_removed.empty())
        text += session.output.hinted(
            "\nWhat was revoked or removed since the backup stays so. To have the backup as it "
            "was,\n"
            "restore it again with --bring-back" +
            std::string(report.kept_removed.empty()
                            ? ".\n"
                            : "; one member alone:\nhourgate member restore MEMBER\n"));
    return session.output.print(text);
}

Status show_checked(const CommandContext& session, const std::string& file,
                    const std::vector<std::string>& warnings) {
    if (wants_json(session))
        return print(session, {{"file", file}, {"ok", true}, {"warnings", warnings}});
    std::string text = (file.empty() ? "built-in defaults (no file was read)" : file) + ": OK\n";
    for (const std::string& warning : warnings)
        text += "warning: " + visible_line(warning) + "\n";
    return session.output.print_found(text);
}

Status show_version(const CommandContext& session) {
    if (wants_json(session)) {
        Json libraries = Json::array();
        for (const build_info::Part& part : build_info::parts)
            libraries.push_back({{"name", part.name},
                                 {"version", part.version},
                                 {"sha256", *part.sha256 == '\0' ? Json() : Json(part.sha256)},
                                 {"license", part.license},
                                 {"purl", *part.purl == '\0' ? Json() : Json(part.purl)}});
        return print(session, {{"version", build_info::version},
                               {"commit", build_info::commit},
                               {"compiler", build_info::compiler},
                               {"schema", store::schema_version()},
                               {"libraries", libraries}});
    }
    Pairs pairs = {{"hourgate", build_info::version},
                   {"commit", build_info::commit},
                   {"compiler", build_info::compiler},
                   {"schema", std::to_string(store::schema_version())}};
    for (const build_info::Part& part : build_info::parts)
        pairs.emplace_back(part.name, part.version);
    return session.output.print_found(lines_of(pairs));
}

}  // namespace hourgate::cli
