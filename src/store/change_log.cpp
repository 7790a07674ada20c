#include "store/change_log.h"

#include "base/limits.h"

namespace hourgate::store {

void ChangeLog::add(Generation generation, const std::vector<Change>& changes) {
    const std::lock_guard lock(mutex_);
    std::size_t held = changes.size();
    for (const auto& rows : latest_)
        held += rows.size();
    if (held > limits::directory_changes_max)
        return clear(generation);
    for (const Change& change : changes)
        latest_[static_cast<std::size_t>(change.table)][change.id] = generation;
}

void ChangeLog::forget_before(Generation generation) {
    const std::lock_guard lock(mutex_);
    clear(generation);
}

void ChangeLog::clear(Generation generation) {
    for (auto& rows : latest_)
        rows.clear();
    floor_ = generation;
}

bool ChangeLog::touched(const Facts& facts, Generation since) const {
    using Table = Change::Table;
    const std::lock_guard lock(mutex_);
    return since < floor_ || changed_after(since, Table::tokens, facts.token.id) ||
           changed_after(since, Table::members, facts.member->id) ||
           changed_after(since, Table::workspaces, facts.workspace->id);
}

bool ChangeLog::changed_after(Generation since, Change::Table table, std::int64_t id) const {
    const auto& rows = latest_[static_cast<std::size_t>(table)];
    const auto found = rows.find(id);
    return found != rows.end() && found->second > since;
}

}  // namespace hourgate::store
