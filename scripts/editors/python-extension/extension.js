// What of the Python extension's interface the extension for douane uses. Nothing is selected until its command runs.
const path = require("node:path");
const vscode = require("vscode");

exports.activate = (context) => {
  const folder = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const changed = new vscode.EventEmitter();
  let selected;
  context.subscriptions.push(
    vscode.commands.registerCommand("python.select", () => {
      const root = path.join(path.dirname(folder), "other");
      selected = { executable: { uri: vscode.Uri.file(path.join(root, "bin", "python3")), sysPrefix: root } };
      changed.fire({ id: root, path: root, resource: undefined });
    }),
  );
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ id: "python", path: "python" }),
      resolveEnvironment: async () => selected,
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
};
