// Requests, as bytes, that two programs might interpret in two ways. Each carries a token that
// would be granted, so that only the interpretation can be the reason for a refusal.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace hourgate::test {

struct Attack {
    const char* name;
    std::string bytes;
    const char* status;  ///< the gate's only response
};

class Attacks {
public:
    /// `authorization` is a header line. `path` is one that its token may read and create below.
    Attacks(std::string authorization, std::string path)
        : authorization_(std::move(authorization)), path_(std::move(path)) {}

    /// A request in a position where there should be none.
    [[nodiscard]] std::string hidden() const {
        return "GET " + path_ + "/stolen HTTP/1.1\r\nHost: h\r\n" + authorization_ + "\r\n";
    }
    [[nodiscard]] std::string call(const std::string& method, const std::string& target,
                                   const std::string& more = "") const {
        return method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + authorization_ + more + "\r\n";
    }
    [[nodiscard]] std::string post(const std::string& lines, const std::string& body) const {
        return call("POST", path_, lines) + body;
    }
    [[nodiscard]] std::vector<Attack> refused() const;

private:
    const std::string authorization_;
    const std::string path_;
};

inline std::vector<Attack> Attacks::refused() const {
    const char* const bad = "HTTP/1.1 400 Bad Request";
    const std::string chunked_hidden = "0\r\n\r\n" + hidden();
    const std::string length = std::to_string(chunked_hidden.size());
    std::vector<Attack> all = {
        {"CL.TE",
         post("Content-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n", chunked_hidden),
         bad},
        {"TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunked_hidden), bad},
        {"two lengths",
         post("Content-Length: 0\r\nContent-Length: " + length + "\r\n", chunked_hidden), bad},
        {"one length twice", post("Content-Length: 4\r\nContent-Length: 4\r\n", "body"), bad},
        {"a list of lengths", post("Content-Length: 4, 4\r\n", "body"), bad},
        {"a signed length", post("Content-Length: +4\r\n", "body"), bad},
        {"a negative length", post("Content-Length: -4\r\n", "body"), bad},
        {"a hex length", post("Content-Length: 0x4\r\n", "body"), bad},
        {"an endless length", post("Content-Length: 99999999999999999999\r\n", "body"), bad},
        {"an empty length", post("Content-Length: \r\n", "body"), bad},
        {"two encodings",
         post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"a list of encodings", post("Transfer-Encoding: gzip, chunked\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"xchunked", post("Transfer-Encoding: xchunked\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"a quoted encoding", post("Transfer-Encoding: \"chunked\"\r\n", chunked_hidden),
         "HTTP/1.1 501 Not Implemented"},
        {"chunks in HTTP/1.0",
         "POST " + path_ + " HTTP/1.0\r\n" + authorization_ + "Transfer-Encoding: chunked\r\n\r\n" +
             chunked_hidden,
         "HTTP/1.1 501 Not Implemented"},
        {"a space before the colon", post("Transfer-Encoding : chunked\r\n", chunked_hidden), bad},
        {"a tab before the colon", post("Transfer-Encoding\t: chunked\r\n", chunked_hidden), bad},
        {"a folded header", post("Transfer-Encoding:\r\n chunked\r\n", chunked_hidden), bad},
        {"a folded first header", "POST " + path_ + " HTTP/1.1\r\n Host: h\r\n\r\n", bad},
        {"a bare LF", post("X: 1\nTransfer-Encoding: chunked\r\n", chunked_hidden), bad},
        {"a bare CR", post("X: 1\rTransfer-Encoding: chunked\r\n", chunked_hidden), bad},
        {"a NUL in a value", post(std::string("X: a\0b\r\n", 8), ""), bad},
        {"a NUL in a name", post(std::string("X\0Y: a\r\n", 8), ""), bad},
        {"no colon", post("Transfer-Encoding chunked\r\n", chunked_hidden), bad},
        {"an empty name", post(": chunked\r\n", chunked_hidden), bad},
        {"two hosts", post("Host: other\r\n", ""), bad},
        {"no host", "GET " + path_ + "/1 HTTP/1.1\r\n" + authorization_ + "\r\n", bad},
        {"an absolute target with a user",
         "GET http://u@h" + path_ + "/1 HTTP/1.1\r\nHost: h\r\n" + authorization_ + "\r\n", bad},
        {"an absolute target without a host",
         "GET http://" + path_ + "/1 HTTP/1.1\r\nHost: h\r\n" + authorization_ + "\r\n", bad},
        {"an absolute target of another scheme",
         "GET ftp://h" + path_ + "/1 HTTP/1.1\r\nHost: h\r\n" + authorization_ + "\r\n", bad},
        {"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n" + authorization_ + "\r\n", bad},
        {"an authority", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n" + authorization_ + "\r\n", bad},
        {"a space in the target", "GET " + path_ + "/1 x HTTP/1.1\r\nHost: h\r\n\r\n", bad},
        {"a tab for a space", "GET\t" + path_ + "/1\tHTTP/1.1\r\nHost: h\r\n\r\n", bad},
        {"HTTP/0.9", "GET " + path_ + "/1\r\n\r\n", bad},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported"},
        {"HTTP/1.2", "GET " + path_ + "/1 HTTP/1.2\r\nHost: h\r\n\r\n",
         "HTTP/1.1 505 HTTP Version Not Supported"},
        {"an encoded slash", call("GET", path_ + "/%2F1"), bad},
        {"a dot segment", call("GET", path_ + "/../admin"), bad},
        {"an encoded dot segment", call("GET", path_ + "/%2e%2e/admin"), bad},
        {"a backslash", call("GET", path_ + "/\\..\\admin"), bad},
        {"double encoding", call("GET", path_ + "/%252e"), bad},
        {"a method override", call("POST", path_ + "/", "X-HTTP-Method-Override: DELETE\r\n"), bad},
        {"two tokens", call("GET", path_ + "/1", authorization_), bad},
        {"a forged role", call("GET", path_ + "/1", "X-HOURGATE-ROLE: owner\r\n"), bad},
        {"a forged role for CGI", call("GET", path_ + "/1", "X_Hourgate-Role: owner\r\n"), bad}};
    return all;
}

}  // namespace hourgate::test
