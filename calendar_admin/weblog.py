"""What gunicorn writes: like everything else, without query, secrets and addresses of people."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from gunicorn.glogging import Logger

from calendar_admin.logs import formatter


class WebLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """For `gunicorn --logger-class`: its own files and levels, our lines."""

    def setup(self, cfg: Any) -> None:
        """Open what the options name, and have all of it written our way."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(formatter())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Write method, path, status and milliseconds; a query may name people."""
        if self.access_log_enabled:
            path = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"), safe="/@:")
            status = str(resp.status).partition(" ")[0]
            milliseconds = request_time // timedelta(milliseconds=1)
            self.access_log.info(
                "%s %s %s %d ms", environ.get("REQUEST_METHOD", "-"), path, status, milliseconds
            )
