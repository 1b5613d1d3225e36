"""The HTTP interface of the mail server: POST /send, /reply and /delete, GET /search.

Every answer is JSON. 400: the request is wrong; 404: no such message; 503: the event could not be logged, try again.
"""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from enronlib.events.mailserver import MailServer, NotLoggedError, RequestError
from enronlib.events.producer import KafkaLog
from enronlib.events.services import end_with_stdin
from enronlib.events.store import MailStore
from enronlib.events.topic import TOPIC
from enronlib.processes import ended_like_interrupts

__all__ = ["create_app", "http_server"]

Answer = tuple[dict[str, Any], int]
LARGEST = 4_000_000  # bytes of a request


def create_app(server: MailServer) -> Flask:
    """Return the Flask application that hands requests to this mail server."""
    app = Flask("enronlib.events")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST

    def handle(kind: str, wanted: object) -> dict[str, Any]:
        return server.handle(kind, wanted, agent=request.user_agent.string)

    @app.post("/send")
    def send() -> Answer:
        return handle("send", request.get_json()), 201

    @app.post("/reply")
    def reply() -> Answer:
        return handle("reply", request.get_json()), 201

    @app.post("/delete")
    def delete() -> Answer:
        return handle("delete", request.get_json()), 200

    @app.get("/search")
    def search() -> Answer:
        return handle("search", request.args.to_dict()), 200

    @app.errorhandler(RequestError)
    def refuse(error: RequestError) -> Answer:
        return {"error": str(error)}, error.status

    @app.errorhandler(NotLoggedError)
    def try_again(error: NotLoggedError) -> Answer:
        return {"error": f"the event could not be logged, try again: {error}"}, 503

    @app.errorhandler(RecursionError)
    def refuse_depth(_: RecursionError) -> Answer:
        return {"error": "the JSON is nested too deeply"}, 400

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> Answer:
        return {"error": error.description or error.name}, error.code or 500

    return app


def http_server(app: Flask, port: int = 0) -> BaseWSGIServer:
    """Return a server of the application on this machine alone, at a free port by default: see `server_port`.

    Call `serve_forever`; a thread answers each connection, which stays open between requests.
    """
    return make_server("127.0.0.1", port, app, threaded=True, request_handler=_QuietHandler)


def main() -> None:
    """Serve in a process of its own: `python -m enronlib.events.api KAFKA PORT`. SIGTERM ends it after a flush."""
    parser = argparse.ArgumentParser(prog="python -m enronlib.events.api", description="Serve the mail server.")
    parser.add_argument("kafka", help="the broker, HOST:PORT")
    parser.add_argument("port", type=int)
    parser.add_argument("--topic", default=TOPIC)
    parser.add_argument("--mail", type=Path, metavar="FILE", help="keep the mailboxes there (default: in memory)")
    parser.add_argument("--attached", action="store_true", help="end when standard input ends")
    options = parser.parse_args()
    if options.attached:
        end_with_stdin()
    with suppress(KeyboardInterrupt), ended_like_interrupts(), KafkaLog(options.kafka, options.topic) as log:
        http_server(create_app(MailServer(MailStore(options.mail), log)), options.port).serve_forever()


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # many requests per connection

    def log_request(self, *_: object) -> None:
        """Print no line per request."""


if __name__ == "__main__":
    main()
