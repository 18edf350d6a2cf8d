/** Starts the language server and keeps it running: everything that is seen of douane in the editor comes from there. */

import { type ExtensionContext, commands, window, workspace } from "vscode";

import { onDidSelectEnvironment } from "./environment";
import { Server } from "./server";

/** Settings that the server is started with. Those that trace it are followed by the client itself. */
const AT_START = ["enable", "path", "importStrategy", "findingsOfUnopenedFiles"].map((name) => `douane.${name}`);

let server: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("douane", { log: true });
  const started = new Server(context, log);
  server = started;
  const restart = () => started.restart();
  context.subscriptions.push(
    log,
    commands.registerCommand("douane.restart", restart),
    commands.registerCommand("douane.showLog", () => log.show()),
    workspace.onDidGrantWorkspaceTrust(restart),
    workspace.onDidChangeConfiguration((change) => {
      if ([...AT_START, "python.defaultInterpreterPath"].some((setting) => change.affectsConfiguration(setting))) {
        void restart();
      }
    }),
  );
  await restart();
  const selection = await onDidSelectEnvironment(restart);
  if (selection) {
    context.subscriptions.push(selection);
  }
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
