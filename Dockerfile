# The HTTP server in a container: docs/deploy.md says how to run it.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY server server
COPY tools tools
RUN python -m venv /opt/mcp-server-zendesk
RUN /opt/mcp-server-zendesk/bin/pip install --no-cache-dir ".[analytics,images,metrics,otel,pdf,redaction,redis]"

FROM python:${PYTHON}-slim
LABEL io.modelcontextprotocol.server.name="example.mcp-server-zendesk/mcp-server-zendesk" \
      org.opencontainers.image.title="mcp-server-zendesk" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://mcp-server-zendesk.example/source"
# A number, so that an orchestrator can tell that it is not root. Its home is the one place where
# it writes: the audit log, and locks.
RUN useradd --uid 10001 --user-group --create-home --home-dir /var/lib/mcp-server-zendesk \
    --shell /usr/sbin/nologin zendesk && chmod 700 /var/lib/mcp-server-zendesk
COPY --from=build /opt/mcp-server-zendesk /opt/mcp-server-zendesk
ENV PATH=/opt/mcp-server-zendesk/bin:$PATH \
    HOME=/var/lib/mcp-server-zendesk \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/mcp-server-zendesk
EXPOSE 8000 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["mcp-server-zendesk", "health", "--config", "/etc/mcp-server-zendesk/config.toml"]
ENTRYPOINT ["mcp-server-zendesk"]
CMD ["serve", "--transport", "streamable-http", "--config", "/etc/mcp-server-zendesk/config.toml"]
