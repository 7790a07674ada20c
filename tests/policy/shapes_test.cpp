// Paths that real APIs have, as their documentation writes them: which pass by default, and which
// with a switch of their resource. Beside each resource stands another one, so that nothing passes
// because nobody else is there.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::policy;

namespace {

struct Shape {
    std::string_view api, target, pattern;
    std::string_view switches = "";  // what its resource has to allow; "": nothing
};

constexpr std::string_view slash = "encoded_slash";

const std::vector<Shape> shapes = {
    // Plain ones, as most are.
    {"Stripe", "/v1/customers/cus_9s6XKzkNRiz8i3", "/v1/customers/**"},
    {"Stripe", "/v1/customers/search?query=email%3A%22a%40b%22", "/v1/customers/**"},
    {"GitHub", "/repos/octocat/Hello-World/contents/src/main.rs?ref=main", "/repos/**"},
    {"GitHub", "/repos/o/r/compare/main...feature", "/repos/**"},
    {"GitHub", "/repos/o/r/git/ref/heads/feature-a", "/repos/**"},
    {"GitHub", "/users/octocat/repos?per_page=100&page=2", "/users/{name}/**"},
    {"Kubernetes", "/apis/apps/v1/namespaces/default/deployments/web", "/apis/**"},
    {"Kubernetes", "/api/v1/namespaces/default/pods/web-0/log", "/api/v1/**"},
    {"Kubernetes", "/api/v1/namespaces/d/services/https:web:443/proxy/", "/api/v1/**"},
    {"Docker", "/v2/library/ubuntu/manifests/latest", "/v2/**"},
    {"Docker", "/v2/library/ubuntu/blobs/sha256:9b7cbeef", "/v2/**"},
    {"Elasticsearch", "/logs-2026.11.30/_search", "/{index}/_search"},
    {"Elasticsearch", "/logs-*/_count", "/{index}/_count"},
    {"Elasticsearch", "/_cat/indices?v&format=json", "/_cat/**"},
    {"Elasticsearch", "/a,b,c/_search", "/{index}/_search"},
    {"Elasticsearch", "/.kibana/_doc/config:8.1.0", "/.kibana/**"},
    {"Slack", "/api/chat.postMessage", "/api/{method}"},
    {"Twilio", "/2010-04-01/Accounts/AC1/Messages.json", "/2010-04-01/**"},
    {"Rails", "/articles/1.json", "/articles/**"},
    {"Rails", "/articles/1/edit", "/articles/**"},
    {"WordPress", "/wp-json/wp/v2/posts?_fields=id", "/wp-json/**"},
    {"GraphQL", "/graphql", "/graphql"},
    {"Socket.IO", "/socket.io/?EIO=4&transport=polling", "/socket.io/**"},
    {"S3", "/bucket/photos/2026/11/a%20b.jpg", "/{bucket}/**"},
    {"S3", "/bucket?list-type=2&prefix=a%2Fb", "/{bucket}/**"},
    {"S3", "/bucket/key+with+plus", "/{bucket}/**"},
    {"S3", "/bucket/caf%C3%A9/%E6%97%A5%E6%9C%AC", "/{bucket}/**"},
    {"S3", "/bucket/a(1)[2]'s!.txt", "/{bucket}/**"},
    {"S3", "/bucket/.hidden/file", "/{bucket}/**"},
    {"S3", "/bucket/folder/", "/{bucket}/**"},
    {"S3", "/bucket/a=1/b=2/part-0.parquet", "/{bucket}/**"},
    {"S3", "/bucket/v1.2.3/app.tar.gz", "/{bucket}/**"},
    {"Google", "/v1/projects/p/topics/t:publish", "/v1/projects/**"},
    {"Google", "/v1/projects/p/topics/t:publish", "/v1/projects/{p}/topics/{topic}:publish"},
    {"Google", "/v1/projects/p/locations/-/keyRings", "/v1/projects/**"},
    {"Google", "/v1beta1/x:batchGet", "/v1beta1/**"},
    {"Google", "/compute/v1/projects/p/zones/z/instances/i:setLabels", "/compute/**"},
    {"Firebase", "/v1/projects/p/databases/(default)/documents/c/d", "/v1/projects/**"},
    {"Firebase", "/v1/projects/p/databases/(default)/documents:runQuery", "/v1/projects/**"},
    {"Firebase", "/users/jack/name.json?print=pretty", "/users/**"},
    {"Firebase", "/v1/accounts:signUp?key=K", "/v1/accounts:signUp"},
    {"OData", "/odata/Products(1)", "/odata/**"},
    {"OData", "/odata/Products(1)/Category", "/odata/**"},
    {"OData", "/odata/Products('ALFKI')", "/odata/**"},
    {"OData", "/odata/Orders(OrderID=1,Line=2)", "/odata/**"},
    {"OData", "/odata/Products?$filter=Price%20gt%205&$top=2", "/odata/**"},
    {"OData", "/odata/Products/$count", "/odata/**"},
    {"OData", "/odata/Products(1)", "/odata/Products({id})"},
    {"OData", "/odata/$metadata", "/odata/**"},
    {"Jira", "/rest/api/3/issue/PROJ-1/comment", "/rest/api/**"},
    {"Jira", "/rest/api/2/search?jql=project%20%3D%20A", "/rest/api/**"},
    {"Jira", "/rest/agile/1.0/board/1/sprint", "/rest/agile/**"},
    {"Matrix", "/_matrix/client/v3/rooms/!abc:example.org/send/m.room.message/1", "/_matrix/**"},
    {"Matrix", "/_matrix/client/v3/directory/room/%23room:example.org", "/_matrix/**"},
    {"Matrix", "/_matrix/client/v3/profile/@ann:example.org", "/_matrix/**"},
    {"Matrix", "/_matrix/media/v3/download/example.org/AbC", "/_matrix/**"},
    {"CouchDB", "/db/_design/app/_view/by_date?key=%5B1%5D", "/db/**"},
    {"CouchDB", "/db/_all_docs?include_docs=true", "/db/**"},
    {"CouchDB", "/db/doc/attachment.png", "/db/**"},
    {"npm", "/lodash", "/{package}"},
    {"npm", "/lodash/-/lodash-4.17.21.tgz", "/**"},
    {"npm", "/@babel/core", "/**"},
    {"PyPI", "/simple/flask/", "/simple/**"},
    {"Maven", "/maven2/org/junit/junit/4.13/junit-4.13.jar", "/maven2/**"},
    {"FHIR", "/fhir/Patient/1/_history/2", "/fhir/**"},
    {"FHIR", "/fhir/Patient/$everything", "/fhir/**"},
    {"InfluxDB", "/query?q=SELECT%20*%20FROM%20cpu", "/query"},
    {"Prometheus", "/api/v1/label/job/values", "/api/v1/**"},
    {"Vault", "/v1/secret/data/team/app", "/v1/secret/**"},
    {"Gmail", "/gmail/v1/users/me%40example.org/messages", "/gmail/**"},
    // An encoded slash in a name.
    {"npm", "/@babel%2fcore", "/{package}", slash},
    {"npm", "/npm/@scope%2Fname", "/npm/**", slash},
    {"npm", "/-/package/@scope%2fname/dist-tags", "/-/package/**", slash},
    {"GitLab", "/api/v4/projects/group%2Fproject", "/api/v4/projects/**", slash},
    {"GitLab", "/api/v4/projects/a%2Fb%2Fc/issues/1", "/api/v4/projects/{id}/issues/**", slash},
    {"GitLab", "/api/v4/projects/1/repository/files/src%2Fmain.c/raw", "/api/v4/projects/**",
     slash},
    {"GitLab", "/api/v4/projects/1/repository/branches/fix%2Fa", "/api/v4/projects/**", slash},
    {"GitLab", "/api/v4/groups/a%2Fb", "/api/v4/groups/{id}", slash},
    {"RabbitMQ", "/api/queues/%2F/orders", "/api/queues/**", "encoded_slash"},
    {"RabbitMQ", "/api/queues/%2F/orders", "/api/queues/{vhost}/{name}", "encoded_slash"},
    {"RabbitMQ", "/api/exchanges/%2f/amq.topic/publish", "/api/exchanges/**", slash},
    {"RabbitMQ", "/api/vhosts/%2F", "/api/vhosts/**", slash},
    {"Matrix", "/_matrix/client/v3/rooms/!a%2Fb:example.org/state", "/_matrix/**", slash},
    {"Matrix", "/_matrix/client/v3/directory/room/%23a%2Fb:example.org", "/_matrix/**", slash},
    {"CouchDB", "/a%2Fdb/doc", "/{db}/**", slash},
    {"CouchDB", "/db/_design%2Fapp", "/db/**", slash},
    {"GCS", "/storage/v1/b/bucket/o/a%2Fb.txt", "/storage/v1/b/{bucket}/o/{object}", slash},
    {"GCS", "/storage/v1/b/bucket/o/a%2Fb.txt?alt=media", "/storage/**", slash},
    {"GCS", "/storage/v1/b/s/o/a%2Fb/copyTo/b/d/o/c%2Fd", "/storage/**", slash},
    {"Jira", "/rest/api/3/user/groups/dev%2Fops", "/rest/api/**", slash},
    {"Consul", "/v1/kv/app%2Fdb%2Fhost", "/v1/kv/**", slash},
    {"OData", "/odata/Products('a%2Fb')", "/odata/**", slash},
    // Others.
    {"S3", "/bucket//key", "/bucket/**", "empty_segment"},
    {"S3", "/bucket/a//b///c", "/bucket/**", "empty_segment"},
    {"S3", "/bucket/a;b", "/bucket/**", "semicolon"},
    {"S3", "/bucket/a%5Cb", "/bucket/**", "backslash"},
    {"S3", "/bucket/100%2525", "/bucket/**", "double_encoding"},
    {"S3", "/bucket/dir/...", "/bucket/**", "reading_variant"},
    {"S3", "/bucket/a%EF%BC%8Fb.txt", "/bucket/**", "reading_variant"},
    {"S3", "/bucket/caf%E9", "/bucket/**", "not_utf8"},
    {"Java", "/app/list;jsessionid=1A2B", "/app/**", "semicolon"},
    {"Matrix parameters", "/cars/1;color=red/parts;year=2026", "/cars/**", "semicolon"},
    {"Jira", "/rest/api/2/issue/A-1/attachments/a%252Fb", "/rest/api/**", "double_encoding"},
};

PathSwitches::Switch& named(PathSwitches& switches, std::string_view name) {
    const std::map<std::string_view, PathSwitches::Switch PathSwitches::*> all = {
        {"encoded_slash", &PathSwitches::encoded_slash},
        {"backslash", &PathSwitches::backslash},
        {"not_utf8", &PathSwitches::not_utf8},
        {"empty_segment", &PathSwitches::empty_segment},
        {"semicolon", &PathSwitches::semicolon},
        {"double_encoding", &PathSwitches::double_encoding},
        {"case_variant", &PathSwitches::case_variant},
        {"reading_variant", &PathSwitches::reading_variant}};
    return switches.*all.at(name);
}

/// Where the shape lands, with its resource behind another one; "!" for refused.
std::string lands(const Shape& shape, bool with_switches) {
    Resource other, its;
    other.name = "other";
    other.patterns = {parse_pattern("/other-things/**").value()};
    its.name = "its";
    its.patterns = {parse_pattern(shape.pattern).value()};
    for (std::string_view rest = with_switches ? shape.switches : ""; !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find(' '));
        named(its.switches, name) = false;
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
    PolicyConfig rules;
    rules.resources = {std::move(other), std::move(its)};
    auto policy = Policy::make(std::move(rules));
    REQUIRE(policy.ok());
    const Match match = policy.value().find(shape.target);
    if (match.flaw != PathFlaw::none)
        return "!";
    return match.resource == nullptr ? "" : match.resource->name;
}

}  // namespace

TEST_CASE("the paths of well-known APIs pass by default, or by a switch of their resource") {
    int by_default = 0, by_switch = 0, slashes = 0;
    for (const Shape& shape : shapes) {
        CAPTURE(shape.api, shape.target, shape.pattern);
        const std::string plainly = lands(shape, false);
        CHECK(plainly == (shape.switches.empty() ? "its" : "!"));
        CHECK(lands(shape, true) == "its");
        by_default += plainly == "its" ? 1 : 0;
        by_switch += plainly == "its" ? 0 : 1;
        slashes += shape.switches == slash ? 1 : 0;
    }
    CHECK(shapes.size() == 103);
    CHECK(by_default == 70);
    CHECK(by_switch == 33);
    CHECK(slashes == 22);
}
