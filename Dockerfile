# Everything that simnet is, for the CPU: broker, cameras, fusion and live page are all this image.
FROM python:3.11-slim AS build
# Where torch's build without GPU libraries is. The one from PyPI brings several GB of them on most machines.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/simnet/bin:$PATH
RUN python -m venv /opt/simnet
WORKDIR /source
# What is installed changes less often than the source, so it is a layer of its own.
COPY pyproject.toml .
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
    print(*p['dependencies'], *p['optional-dependencies']['dashboard'], sep='\n')" > wanted.txt \
 && grep -E '^(torch|numpy)' wanted.txt > first.txt && echo torchvision >> first.txt \
 && pip install --index-url "$TORCH_INDEX" -r first.txt \
 && pip install -r wanted.txt
COPY . .
RUN pip install --no-deps .

FROM python:3.11-slim
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
