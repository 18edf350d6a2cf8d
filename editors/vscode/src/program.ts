/** Which `douane` is started. */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import * as path from "node:path";
import { type ExtensionContext, workspace } from "vscode";

import type { Environment } from "./environment";
import { expanded } from "./paths";

const NAME = process.platform === "win32" ? "douane.exe" : "douane";

/**
 * The first that exists of: what the settings name, the one in the selected environment, the one that comes with the extension,
 * the one on the PATH. A workspace that is not trusted may have brought its environment along.
 */
export async function findProgram(context: ExtensionContext, environment: Environment | undefined): Promise<string | undefined> {
  const settings = workspace.getConfiguration("douane");
  const named = settings.get<string[]>("path", []).map(expanded).filter(path.isAbsolute);
  const isOfEnvironment = workspace.isTrusted && settings.get("importStrategy") === "fromEnvironment";
  const candidates = [
    ...named,
    ...(environment && isOfEnvironment ? [path.join(environment.programs, NAME)] : []),
    context.asAbsolutePath(path.join("bundled", "bin", NAME)),
    ...(process.env["PATH"] ?? "").split(path.delimiter).filter(path.isAbsolute).map((folder) => path.join(folder, NAME)),
  ];
  for (const candidate of candidates) {
    if (await isProgram(candidate)) {
      return candidate;
    }
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
