#include "cli/sbom.h"

#include <string>
#include <string_view>

#include "build_info.h"

namespace hourgate::cli {

namespace {

constexpr const char* own_name = "hourgate";

/// CycloneDX has separate members for a license expression and the id of one license.
Json licenses_of(std::string_view license) {
    if (license.find(' ') != license.npos)
        return Json::array({{{"expression", license}}});
    return Json::array({{{"license", {{"id", license}}}}});
}

Json component_of(const build_info::Part& part) {
    Json component = {{"type", "library"},
                      {"bom-ref", part.name},
                      {"name", part.name},
                      {"version", part.version}};
    if (*part.sha256 != '\0')
        component["hashes"] = Json::array({{{"alg", "SHA-256"}, {"content", part.sha256}}});
    component["licenses"] = licenses_of(part.license);
    if (*part.purl != '\0')
        component["purl"] = part.purl;
    return component;
}

}  // namespace

Json sbom() {
    Json components = Json::array();
    Json names = Json::array();
    for (const build_info::Part& part : build_info::parts) {
        components.push_back(component_of(part));
        names.push_back(part.name);
    }
    const Json program = {
        {"type", "application"},
        {"bom-ref", own_name},
        {"name", own_name},
        {"version", build_info::version},
        {"licenses", licenses_of("MIT")},
        {"properties",
         Json::array({{{"name", "hourgate:commit"}, {"value", build_info::commit}},
                      {{"name", "hourgate:compiler"}, {"value", build_info::compiler}}})}};
    return {{"bomFormat", "CycloneDX"},
            {"specVersion", "1.5"},
            {"version", 1},
            {"metadata", {{"component", program}}},
            {"components", components},
            {"dependencies", Json::array({{{"ref", own_name}, {"dependsOn", names}}})}};
}

}  // namespace hourgate::cli
