/**
 * The Python environment that is selected in the editor. The Python extension knows it; without that extension, there is the
 * interpreter of its settings. Nothing of it is run here.
 */

import type { PythonExtension } from "@vscode/python-extension";
import * as path from "node:path";
import { type Disposable, type Uri, extensions, workspace } from "vscode";

import { expanded } from "./paths";

const PYTHON_EXTENSION = "ms-python.python";

export interface Environment {
  /** Where its programs are. */
  programs: string;
  /** Its folder. */
  root: string;
}

/** The environment for a folder. */
export async function selectedEnvironment(folder: Uri | undefined): Promise<Environment | undefined> {
  const python = await pythonExtension();
  const selected = python?.environments.getActiveEnvironmentPath(folder);
  const resolved = selected && (await python?.environments.resolveEnvironment(selected));
  if (resolved?.executable.uri) {
    const programs = path.dirname(resolved.executable.uri.fsPath);
    return { programs, root: resolved.executable.sysPrefix || rootOf(programs) };
  }
  const interpreter = expanded(workspace.getConfiguration("python", folder ?? null).get("defaultInterpreterPath", ""));
  // What is a mere name, as it is unless somebody sets it, selects nothing.
  if (!path.isAbsolute(interpreter)) {
    return undefined;
  }
  const programs = path.dirname(interpreter);
  return { programs, root: rootOf(programs) };
}

/** Calls back whenever another environment is selected. */
export async function onDidSelectEnvironment(changed: () => void): Promise<Disposable | undefined> {
  return (await pythonExtension())?.environments.onDidChangeActiveEnvironmentPath(changed);
}

async function pythonExtension(): Promise<PythonExtension | undefined> {
  const extension = extensions.getExtension<PythonExtension>(PYTHON_EXTENSION);
  return extension?.activate().then(undefined, () => undefined);
}

/** `bin` and `Scripts` are inside of the environment's folder; elsewhere the interpreter is in it itself. */
function rootOf(programs: string): string {
  return ["bin", "scripts"].includes(path.basename(programs).toLowerCase()) ? path.dirname(programs) : programs;
}
