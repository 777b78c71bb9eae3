# The server edition's image; which process runs is the command: api, worker, crawler, scheduler.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/waypost \
 && /opt/waypost/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY discover discover
COPY crawler crawler
COPY api api
COPY web web
RUN /opt/waypost/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --system --uid 1000 --create-home --home-dir /data waypost
COPY --from=build /opt/waypost /opt/waypost
ENV PATH=/opt/waypost/bin:$PATH \
    WAYPOST_HOME=/data \
    WAYPOST_HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1
USER waypost
WORKDIR /data
# Mount one lasting volume at /data for all processes: what lies there must outlive them.
EXPOSE 8000
ENTRYPOINT ["waypost"]
CMD ["api"]
