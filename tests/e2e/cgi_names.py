"""An API that answers with the names of headers as applications behind CGI, FastCGI and WSGI see them:
one NAME=value a line. Besides wsgiref's own reading ('-' is '_') it has lighttpd's, in which every
byte that is no letter and no digit is '_'. Prints the port that it listens on."""

import re
from wsgiref.simple_server import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    def get_environ(self):
        environ = super().get_environ()
        for name, value in self.headers.items():
            known = "CGI_" + re.sub("[^A-Za-z0-9]", "_", name).upper() + "_"
            environ[known] = f"{environ[known]},{value}" if known in environ else value
        return environ

    def log_message(self, *_):
        pass


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    told = {name: value for name, value in environ.items()
            if name.startswith(("HTTP_", "CGI_")) or name in ("SCRIPT_NAME", "PATH_INFO")}
    return ["".join(f"{name}={value}\n" for name, value in sorted(told.items())).encode("latin-1")]


server = make_server("127.0.0.1", 0, application, handler_class=Handler)
print(f"port={server.server_port}", flush=True)
server.serve_forever()
