# Sourced by ./up and ./test: makes .venv with everything locked. `bootstrap LOCK` is quick when nothing changed.
say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf '✗ %s\n' "$*" >&2; exit 1; }

# With bytecode a start takes half as long.
unset PYTHONDONTWRITEBYTECODE

bootstrap() {
    lock="locks/$1.txt"
    python=${PYTHON:-python3}
    command -v "$python" >/dev/null || fail "需要 Python 3.11 以上 Python 3.11 or newer is needed"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "需要 Python 3.11 以上,现在是 $("$python" --version) Python 3.11 or newer is needed"
    stamp=$(cat "$lock" locks/uv.txt tools/bootstrap.sh | cksum)
    [ -f .venv/stamp ] && [ "$(cat .venv/stamp)" = "$1 $stamp" ] && return 0
    say "[1/3] 安装依赖(已锁定版本) Installing locked dependencies …"
    [ -x .venv/bin/python ] || "$python" -m venv .venv || fail "无法创建虚拟环境(Debian 上先装 python3-venv) the virtual environment could not be made"
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/uv.txt || fail "uv 安装失败,检查网络 uv could not be installed; check the network"
    .venv/bin/uv pip sync -q --require-hashes --allow-empty-requirements --compile-bytecode "$lock" || fail "依赖安装失败,检查网络后重试 the dependencies could not be installed; try again"
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    pwd > "$site/siyu.pth"
    printf '#!%s/.venv/bin/python\nfrom siyu.cli import main\n\nmain()\n' "$(pwd)" > .venv/bin/siyu
    chmod +x .venv/bin/siyu
    echo "$1 $stamp" > .venv/stamp
}
