// Shows the results of commands that are more than a record.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command_context.h"
#include "manage/tokens.h"
#include "store/backup.h"

namespace hourgate::cli {

/// For `init`: the new database and the first operator token.
[[nodiscard]] Status show_made(const CommandContext& session, const std::string& database,
                               const manage::MintedToken& minted);
/// `removed`: earlier backups that were deleted.
[[nodiscard]] Status show_backup(const CommandContext& session, const std::string& file,
                                 const store::BackupReport& report,
                                 const std::vector<std::string>& removed);
/// Warns before a restore of what will be lost.
void warn_of_losses(const CommandContext& session, const std::string& backup,
                    const store::Losses& losses);
[[nodiscard]] Status show_restored(const CommandContext& session, const std::string& database,
                                   const store::RestoreReport& report);
[[nodiscard]] Status show_checked(const CommandContext& session, const std::string& file,
                                  const std::vector<std::string>& warnings);
[[nodiscard]] Status show_version(const CommandContext& session);

}  // namespace hourgate::cli
