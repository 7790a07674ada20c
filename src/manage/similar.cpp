#include "manage/similar.h"

#include <type_traits>
#include <utility>

#include "policy/readings.h"

namespace hourgate::manage {

namespace {

constexpr std::int64_t page_rows = 1'000;
constexpr std::int64_t pages_max = 10;

std::string in_one_case(std::string_view text) {
    policy::PathChecks rules;
    rules.reading_variant = false;  // the letter case alone
    return policy::folded(text, rules);
}

/// Returns the first item of the first pages of a list that `fits`.
template <typename Next, typename Fits>
auto first_of(Next next, Fits fits) -> Result<
    std::optional<typename std::decay_t<decltype(next(Page()).value().items)>::value_type>> {
    using Item = typename std::decay_t<decltype(next(Page()).value().items)>::value_type;
    Page page{page_rows, std::nullopt};
    for (std::int64_t pages = 0; pages < pages_max; ++pages) {
        auto slice = next(page);
        if (!slice)
            return slice.failure();
        for (Item& item : slice.value().items)
            if (fits(item))
                return std::optional<Item>(std::move(item));
        if (!slice.value().next)
            break;
        page.after = slice.value().next;
    }
    return std::optional<Item>();
}

}  // namespace

Result<std::optional<Workspace>> similar_workspace(Rows& rows, std::string_view name,
                                                   std::int64_t except) {
    const std::string wanted = in_one_case(name);
    // The instant only matters for the number of tokens, which is not looked at.
    auto found = first_of([&](const Page& page) { return rows.workspaces({}, page); },
                          [&](const WorkspaceView& view) {
                              const Workspace& workspace = view.workspace;
                              return workspace.id != except && workspace.name != name &&
                                     in_one_case(workspace.name) == wanted;
                          });
    if (!found)
        return found.failure();
    if (!found.value())
        return std::optional<Workspace>();
    return std::optional<Workspace>(std::move(found.value()->workspace));
}

Result<std::optional<Member>> similar_service(Rows& rows, std::int64_t workspace_row,
                                              std::string_view name, std::int64_t except) {
    const std::string wanted = in_one_case(name);
    return first_of([&](const Page& page) { return rows.members({workspace_row}, page); },
                    [&](const Member& member) {
                        return member.kind == MemberKind::service && member.id != except &&
                               member.name != name && in_one_case(member.name) == wanted;
                    });
}

Result<std::string> similar_member(Rows& rows, std::string_view text) {
    for (auto slash = text.find('/'); slash != text.npos; slash = text.find('/', slash + 1)) {
        const std::string_view ws = text.substr(0, slash), rest = text.substr(slash + 1);
        auto workspace = rows.workspace(ws);
        if (workspace && !workspace.value())
            workspace = similar_workspace(rows, ws);
        if (!workspace)
            return workspace.failure();
        if (!workspace.value())
            continue;
        const Workspace& in = *workspace.value();
        const auto persons = rows.members_by_email(rest, in.id);
        if (!persons)
            return persons.failure();
        if (!persons.value().empty())
            return in.name + "/" + persons.value().front().email;
        auto service = rows.service(in.id, rest);
        if (service && !service.value())
            service = similar_service(rows, in.id, rest);
        if (!service)
            return service.failure();
        if (service.value())
            return in.name + "/" + service.value()->name;
    }
    return std::string();
}

}  // namespace hourgate::manage
