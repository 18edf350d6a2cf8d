/**
 * The server's life. There is one for all folders: it keeps each folder's program by itself, hears when folders come and go, and
 * a file that two folders share is read and reported once.
 */

import { type ExtensionContext, type LanguageStatusItem, LanguageStatusSeverity, type LogOutputChannel, commands, languages, window, workspace } from "vscode";
import { LanguageClient, State } from "vscode-languageclient/node";

import { selectedEnvironment } from "./environment";
import { findProgram } from "./program";

const DOCUMENTS = [
  { scheme: "file", language: "python" },
  { scheme: "file", pattern: "**/lint.toml" },
  { scheme: "file", pattern: "**/pyproject.toml" },
];

export class Server {
  private client: LanguageClient | undefined;
  /** Starts and stops happen one after the other. */
  private work: Promise<void> = Promise.resolve();
  private readonly status: LanguageStatusItem;

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: LogOutputChannel,
  ) {
    this.status = languages.createLanguageStatusItem("douane", DOCUMENTS);
    this.status.name = "douane";
    this.status.command = { command: "douane.showLog", title: "Show log" };
    context.subscriptions.push(this.status);
  }

  restart(): Promise<void> {
    return this.then(async () => {
      await this.end();
      await this.start();
    });
  }

  stop(): Promise<void> {
    return this.then(() => this.end());
  }

  private then(step: () => Promise<void>): Promise<void> {
    this.work = this.work.then(step).catch((error: unknown) => this.fail(String(error)));
    return this.work;
  }

  private async start(): Promise<void> {
    const settings = workspace.getConfiguration("douane");
    if (!settings.get("enable", true)) {
      return this.show("douane is disabled");
    }
    const folders = workspace.workspaceFolders ?? [];
    const environment = await selectedEnvironment(folders[0]?.uri);
    const command = await findProgram(this.context, environment);
    if (!command) {
      if (!workspace.isTrusted) {
        return this.fail("`douane` was not found; that of the Python environment is started in trusted workspaces only");
      }
      this.fail("`douane` was not found: install it into the Python environment, or set `douane.path`");
      return this.offerSettings();
    }
    // Folders may have an environment each, which the server finds if nobody names one.
    const isOnlyFolder = folders.length === 1 && environment !== undefined;
    const env = isOnlyFolder ? { ...process.env, VIRTUAL_ENV: environment.root } : process.env;
    this.log.info(`starts ${command}${isOnlyFolder ? `, with the packages of ${environment.root}` : ""}`);
    this.client = new LanguageClient(
      "douane",
      "douane",
      { command, args: ["server"], options: { env } },
      {
        documentSelector: DOCUMENTS,
        outputChannel: this.log,
        traceOutputChannel: this.log,
        initializationOptions: { findingsOfUnopenedFiles: settings.get("findingsOfUnopenedFiles") },
      },
    );
    this.client.onDidChangeState(({ newState }) => this.show(newState === State.Running ? "douane" : "douane is not running"));
    await this.client.start();
    const version = this.client.initializeResult?.serverInfo?.version;
    this.show(`douane ${version ?? ""}`.trim(), command);
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // One that never came up can't be stopped.
    await client?.dispose().catch((error: unknown) => this.log.warn(String(error)));
  }

  private show(text: string, detail?: string): void {
    this.status.severity = LanguageStatusSeverity.Information;
    this.status.text = text;
    this.status.detail = detail ?? "";
  }

  private fail(message: string): void {
    this.log.error(message);
    this.status.severity = LanguageStatusSeverity.Error;
    this.status.text = "douane";
    this.status.detail = message;
  }

  private offerSettings(): void {
    const settings = "Open settings";
    void window.showWarningMessage(this.status.detail ?? "", settings).then((chosen) => {
      if (chosen === settings) {
        void commands.executeCommand("workbench.action.openSettings", "douane.path");
      }
    });
  }
}
