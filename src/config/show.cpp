#include "config/forms.h"
#include "config/keys.h"
#include "config/load.h"
#include "config/writer.h"

namespace hourgate::config {

namespace {

std::string show(const Config& config, Syntax syntax) {
    Writer writer(syntax);
    each_key(writer, config);
    for (const Api& api : config.apis) {
        writer.api();
        each_api_key(writer, api);
    }
    for (const policy::Resource& resource : config.rules.resources) {
        writer.resource();
        each_resource_key(writer, resource);
    }
    return writer.finish(config.file);
}

}  // namespace

std::string show_toml(const Config& config) {
    return show(config, Syntax::toml);
}

std::string show_json(const Config& config) {
    return show(config, Syntax::json);
}

}  // namespace hourgate::config
