#include "gate/kept_decision.h"

#include <utility>

#include "base/limits.h"
#include "policy/path.h"
#include "token/format.h"

namespace hourgate {

namespace {

std::string path_of(const Decision& decision) {
    std::string path = token::blotted(policy::path_part(decision.target));
    if (path.size() > limits::kept_path_bytes_max)
        path.resize(limits::kept_path_bytes_max);
    return path;
}

/// Blots and cuts the text. A token may be in an unexpected value: the client's request id, or the
/// method.
std::string cut(std::string_view text, std::size_t bytes_max = limits::kept_word_bytes_max) {
    std::string kept = token::blotted(text);
    if (kept.size() > bytes_max)
        kept.resize(bytes_max);
    return kept;
}

/// Returns the resource to keep. Most decisions of one policy share one copy of it.
std::shared_ptr<const policy::Resource> resource_of(const Decision& decision) {
    const policy::Resource* const resource = decision.match.resource;
    if (resource == nullptr || resource->lasting)
        return resource == nullptr ? nullptr : resource->lasting;
    return std::make_shared<const policy::Resource>(*resource);
}

}  // namespace

KeptDecision::KeptDecision(const Decision& decision, bool again, UpstreamFailure failure)
    : method_(cut(decision.method)),
      path_(path_of(decision)),
      host_(cut(decision.host, limits::kept_host_bytes_max)),
      api_(decision.match.api),
      request_id_(cut(decision.request_id)),
      detail_(cut(decision.problem_detail)),
      scheme_(cut(decision.scheme)),
      misplaced_in_(cut(decision.misplaced_in)),
      resource_(resource_of(decision)),
      again_(again),
      is_cut_(path_ != policy::path_part(decision.target)),
      failure_(std::move(failure)),
      decision_(decision) {
    decision_.method = method_;
    decision_.target = path_;
    decision_.host = host_;
    decision_.match.api = api_;
    decision_.request_id = request_id_;
    decision_.problem_detail = detail_;
    decision_.scheme = scheme_;
    decision_.misplaced_in = misplaced_in_;
    decision_.match.resource = resource_.get();
}

}  // namespace hourgate
