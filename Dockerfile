# Everything that a run needs: broker, cameras, fusion and live page are all this image. Training is not in it (no torch).
# The newest digest: docker buildx imagetools inspect python:3.11-slim --format '{{.Manifest.Digest}}'
ARG PYTHON_IMAGE=python:3.11-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7
FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/simnet/bin:$PATH
RUN python -m venv /opt/simnet
WORKDIR /source
# What is installed changes less often than the source, so it is a layer of its own.
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock
COPY . .
RUN pip install --no-deps --no-build-isolation .
# What no run loads goes again: a quarter of it all.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends binutils \
 && sh .ci/slim.sh "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

FROM ${PYTHON_IMAGE}
# Panda3D's software renderer is linked to it, though no display is ever opened.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libx11-6 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/simnet /opt/simnet
ENV PATH=/opt/simnet/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1
# Volumes take these folders' modes over: whoever the containers run as may write there. A machine's keys are in one of its own.
RUN mkdir -m 1777 /keys && cd /keys && mkdir -m 1777 broker fusion leader follower_1 follower_2 follower_3 follower_4 follower_5 drone_1 drone_2 drone_3 \
 && mkdir -p -m 1777 /work/runs
WORKDIR /work
USER 1000:1000
ENTRYPOINT ["simnet"]
