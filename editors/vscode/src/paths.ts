/** Paths in settings. */

import * as os from "node:os";
import { workspace } from "vscode";

/** Replaces `~`, and the variables that VS Code itself replaces only in its own settings. */
export function expanded(value: string): string {
  const folder = workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  return value
    .replace(/^~(?=$|[/\\])/, () => os.homedir())
    .replaceAll("${workspaceFolder}", () => folder)
    .replace(/\$\{env:(\w+)\}/g, (_, name: string) => process.env[name] ?? "");
}
