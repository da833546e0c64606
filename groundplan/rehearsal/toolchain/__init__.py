"""The toolchain: every program that a rehearsal runs, in one pinned version each."""

from groundplan.rehearsal.toolchain.toolbox import Found, Toolbox
from groundplan.rehearsal.toolchain.tools import TOOLS, DebianTool, GoTool, TerraformProvider, Tool

__all__ = ["TOOLS", "DebianTool", "Found", "GoTool", "TerraformProvider", "Tool", "Toolbox"]
