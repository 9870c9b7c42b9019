"""Where each client keeps its file: pure functions of system, home folder and environment.

Systems are named as ``sys.platform`` names them: "darwin" and "win32"; all others are laid out
as Linux is. An environment variable that is set to nothing counts as unset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

Location = Callable[[str, Path, Mapping[str, str]], Path]


def _folder(environ: Mapping[str, str], variable: str, default: Path) -> Path:
    given = environ.get(variable, "")
    return Path(given) if given else default


def _xdg_config(home: Path, environ: Mapping[str, str]) -> Path:
    return _folder(environ, "XDG_CONFIG_HOME", home / ".config")


def _roaming(home: Path, environ: Mapping[str, str]) -> Path:
    return _folder(environ, "APPDATA", home / "AppData" / "Roaming")


def application_data(system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The folder where Electron keeps the data of all applications."""
    if system == "win32":
        return _roaming(home, environ)
    if system == "darwin":
        return home / "Library" / "Application Support"
    return _xdg_config(home, environ)


def below_home(*parts: str) -> Location:
    """A file at the same place below the home folder everywhere."""
    return lambda _system, home, _environ: home.joinpath(*parts)


def claude_desktop(system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The configuration of Claude Desktop."""
    return application_data(system, home, environ) / "Claude" / "claude_desktop_config.json"


def claude_code(_system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """Claude Code's user scope: the file lies *beside* ``.claude``, but inside a moved folder."""
    return _folder(environ, "CLAUDE_CONFIG_DIR", home) / ".claude.json"


def vscode(system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The default profile's file, as ``userDataPath.ts`` of VS Code resolves its folder."""
    if portable := environ.get("VSCODE_PORTABLE"):
        data = Path(portable) / "user-data"
    else:
        default = application_data(system, home, environ)
        data = _folder(environ, "VSCODE_APPDATA", default) / "Code"
    return data / "User" / "mcp.json"


def codex(_system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The configuration of Codex, for its command line, its application and its extensions."""
    return _folder(environ, "CODEX_HOME", home / ".codex") / "config.toml"


def gemini_cli(_system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The user's settings of Gemini CLI; GEMINI_CLI_HOME stands for the home folder."""
    return _folder(environ, "GEMINI_CLI_HOME", home) / ".gemini" / "settings.json"


def zed(system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The settings of Zed, as ``paths.rs`` of Zed resolves them."""
    if system == "win32":
        return _roaming(home, environ) / "Zed" / "settings.json"
    if system == "darwin":
        return home / ".config" / "zed" / "settings.json"
    configuration = _folder(environ, "FLATPAK_XDG_CONFIG_HOME", _xdg_config(home, environ))
    return configuration / "zed" / "settings.json"


def opencode(_system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """OpenCode's global file (XDG on every system); it also reads the one of OPENCODE_CONFIG."""
    return _xdg_config(home, environ) / "opencode" / "opencode.json"


def goose(system: str, home: Path, environ: Mapping[str, str]) -> Path:
    """The configuration of Goose, as its ``paths.rs`` resolves it."""
    root = Path(environ.get("GOOSE_PATH_ROOT", ""))
    if root.is_absolute():
        return root / "config" / "config.yaml"
    if system == "win32":
        return _roaming(home, environ) / "Block" / "goose" / "config" / "config.yaml"
    return _xdg_config(home, environ) / "goose" / "config.yaml"
