//! Talks to the language server as an editor does.

mod client;
mod project;

use std::{fs, process::Command, time::Duration};

use client::{Client, Options, at};
use project::Project;
use serde_json::{Value, json};

/// Rule and line, from 0, of each finding.
fn shown(diagnostics: &Value) -> Vec<(String, u64)> {
    let items = diagnostics.as_array().expect("a list of findings");
    let shown = items.iter().map(|item| {
        (item["code"].as_str().unwrap_or("-").to_owned(), item["range"]["start"]["line"].as_u64().expect("a line"))
    });
    shown.collect()
}

fn found(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(rule, line)| ((*rule).to_owned(), *line)).collect()
}

const TWO: [(&str, &str); 2] = [("a.py", "from b import x\n\nprint(x)\n"), ("b.py", "x = 1\n")];

#[test]
fn columns_are_counted_as_agreed() {
    let project = Project::new(&[("a.py", "x = \"é𐐀\"; import os\n")]);
    let offers = [
        (json!(["utf-16", "utf-8", "utf-32"]), "utf-8", 21),
        (json!(["utf-16", "utf-32"]), "utf-32", 17),
        (json!(["utf-16"]), "utf-16", 18),
        (Value::Null, "utf-16", 18),
    ];
    for (offered, agreed, column) in offers {
        let mut client = Client::start(&project, &Options { encodings: offered, ..Options::default() });
        assert_eq!(client.capabilities["positionEncoding"], agreed);
        client.open("a.py");
        let found = client.pushed("a.py");
        assert_eq!(found[0]["range"]["start"], at(0, column), "{agreed}");
        client.end();
    }
}

#[test]
fn a_change_in_one_buffer_shows_in_the_others_and_in_files_that_are_not_open() {
    let project = Project::new(&[TWO[0], TWO[1], ("c.py", "from b import x\n\nprint(x)\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("b.py");
    client.open("a.py");
    client.replace("b.py", "y = 1\n");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("missing-name", 0)]));
    assert_eq!(shown(&client.pushed("c.py")), found(&[("missing-name", 0)]));
    client.replace("b.py", "x = 1\n");
    assert_eq!(shown(&client.pushed("a.py")), []);
    assert_eq!(shown(&client.pushed("c.py")), []);
    client.replace("b.py", "y = 1\n");
    assert_eq!(shown(&client.pushed("c.py")), found(&[("missing-name", 0)]));
    // Nothing was saved, so that the file is the old one again.
    client.close("b.py");
    assert_eq!(shown(&client.pushed("c.py")), []);
    client.end();
}

#[test]
fn findings_are_told_again_when_their_buffer_comes_or_goes() {
    let project = Project::new(&[("a.py", "import os\n")]);
    let mut client = Client::start(&project, &Options::default());
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    client.open("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    client.close("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    client.end();
}

#[test]
fn clients_that_ask_are_answered_and_told_to_ask_again() {
    let project = Project::new(&TWO);
    let mut client = Client::start(&project, &Options { pulls: true, ..Options::default() });
    let provider = &client.capabilities["diagnosticProvider"];
    assert_eq!((&provider["interFileDependencies"], &provider["workspaceDiagnostics"]), (&json!(true), &json!(true)));
    client.open("a.py");
    client.open("b.py");
    let before = client.ask("textDocument/diagnostic", json!({ "textDocument": { "uri": client.uri("a.py") } }));
    assert_eq!((&before["kind"], &before["items"]), (&json!("full"), &json!([])));

    let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(all["items"], json!([]));
    client.replace("b.py", "y = 1\n");
    client.wait_for_request("workspace/diagnostic/refresh");
    let known = before["resultId"].clone();
    let ask = json!({ "textDocument": { "uri": client.uri("a.py") }, "previousResultId": known });
    let after = client.ask("textDocument/diagnostic", ask);
    assert_eq!(shown(&after["items"]), found(&[("missing-name", 0)]));
    let known = after["resultId"].clone();
    let ask = json!({ "textDocument": { "uri": client.uri("a.py") }, "previousResultId": known });
    let again = client.ask("textDocument/diagnostic", ask);
    assert_eq!(again, json!({ "kind": "unchanged", "resultId": known }));

    let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let item = &all["items"][0];
    assert_eq!((&item["uri"], shown(&item["items"])), (&json!(client.uri("a.py")), found(&[("missing-name", 0)])));
    // Asked again, the answer waits until there is news.
    let known = json!([{ "uri": item["uri"], "value": item["resultId"] }]);
    let waiting = client.begin("workspace/diagnostic", json!({ "previousResultIds": known }));
    client.replace("b.py", "x = 1\n");
    let news = client.answer_to(waiting);
    assert_eq!((&news["items"][0]["uri"], &news["items"][0]["items"]), (&json!(client.uri("a.py")), &json!([])));
    client.end();
}

#[test]
fn clients_may_spell_what_they_know_in_their_own_way() {
    let project = Project::new(&[("a+b.py", "import os\n")]);
    let mut client = Client::start(&project, &Options { pulls: true, ..Options::default() });
    let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    assert_eq!(all["items"][0]["uri"], json!(client.uri("a%2Bb.py")));
    let known = json!([{ "uri": client.uri("a+b.py"), "value": all["items"][0]["resultId"] }]);
    let waiting = client.begin("workspace/diagnostic", json!({ "previousResultIds": known }));
    client.open_with("a+b.py", "");
    let news = client.answer_to(waiting);
    assert_eq!(news["items"].as_array().map(Vec::len), Some(1));
    assert_eq!((&news["items"][0]["uri"], &news["items"][0]["items"]), (&json!(client.uri("a+b.py")), &json!([])));
    client.end();
}

#[test]
fn who_asks_but_cannot_be_told_to_ask_again_is_told_at_once() {
    let project = Project::new(&TWO);
    let mut client = Client::start(&project, &Options { pulls: true, never_asks_again: true, ..Options::default() });
    assert_eq!(client.capabilities.get("diagnosticProvider"), None);
    client.open("a.py");
    client.open("b.py");
    client.replace("b.py", "y = 1\n");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("missing-name", 0)]));
    client.end();
}

#[test]
fn findings_of_files_that_are_not_open_can_be_limited() {
    let project = Project::new(&[("a.py", "import os\n"), ("b.py", "import os\n")]);
    let settings = json!({ "findingsOfUnopenedFiles": 0 });
    let mut client = Client::start(&project, &Options { pulls: true, settings, ..Options::default() });
    client.open("a.py");
    let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let uris: Vec<&Value> = all["items"].as_array().expect("files").iter().map(|item| &item["uri"]).collect();
    assert_eq!(uris, [&json!(client.uri("a.py"))]);
    client.end();
}

#[test]
fn fixes_and_comments_are_offered_as_edits() {
    let project = Project::new(&[("a.py", "import os\nimport sys\n\nprint(sys)\n"), TWO[1]]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    let actions = client.actions("a.py", 0, &[]);
    let titles: Vec<&str> = actions.iter().filter_map(|action| action["title"].as_str()).collect();
    assert_eq!(
        titles,
        [
            "Remove `import os`",
            "Ignore `unused-import` here",
            "Make all safe fixes of douane",
            "Measure what `os` loads: this runs it"
        ]
    );
    assert_eq!(client.text_after("a.py", &actions[0]), "import sys\n\nprint(sys)\n");
    let ignored = "import os  # douane: ignore[unused-import]\nimport sys\n\nprint(sys)\n";
    assert_eq!(client.text_after("a.py", &actions[1]), ignored);
    assert_eq!(actions[0]["isPreferred"], true);
    let version = &actions[0]["edit"]["documentChanges"][0]["textDocument"]["version"];
    assert_eq!(version, 1);
    assert_eq!(client.actions("a.py", 3, &["quickfix"]), [Value::Null; 0]);
    // The finding carries its fix, for whoever has no need to ask.
    let finding = &client.pushed("a.py")[0];
    assert_eq!(actions[0]["diagnostics"], json!([finding]));
    let edits = &actions[0]["edit"]["documentChanges"][0]["edits"];
    let fix =
        json!({ "title": "Remove `import os`", "applicability": "safe", "changes": { client.uri("a.py"): edits } });
    assert_eq!(finding["data"], json!({ "fix": fix }));
    client.end();
}

#[test]
fn fixing_all_leaves_alone_what_was_just_typed() {
    let project = Project::new(&[("a.py", "import os\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    client.replace("a.py", "import json\nimport os\n");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0), ("unused-import", 1)]));
    let all = client.actions("a.py", 0, &["source.fixAll"]);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["kind"], client.text_after("a.py", &all[0]).as_str()),
        (&json!("source.fixAll.douane"), "import json\n")
    );
    client.replace("a.py", "import json\n");
    assert_eq!(client.actions("a.py", 0, &["source.fixAll"]), [Value::Null; 0]);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    assert_eq!(client.actions("a.py", 0, &["source.organizeImports"]), [Value::Null; 0]);
    client.end();
}

#[test]
fn a_broken_configuration_is_shown_and_the_last_good_one_stays() {
    let project = Project::new(&[("a.py", "import os\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    for (text, line) in [("[rules]\nunused-import = \"of", 1), ("\n[rules]\nunused = \"off\"\n", 2)] {
        project.write("lint.toml", text);
        client.changed_on_disk("lint.toml", 2);
        let problems = client.pushed("lint.toml");
        assert_eq!(problems[0]["range"]["start"]["line"], line, "{problems}");
        client.replace("a.py", "import json\n");
        assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
        client.replace("a.py", "import os\n");
        assert_eq!(client.pushed("a.py")[0]["message"], "`import os` is never used\nhelp: remove it");
    }
    project.write("lint.toml", "[rules]\nunused-import = \"off\"\n");
    client.changed_on_disk("lint.toml", 2);
    assert_eq!(client.pushed("lint.toml"), json!([]));
    assert_eq!(client.pushed("a.py"), json!([]));
    client.end();

    // Broken from the start: the defaults.
    project.write("lint.toml", "[rules");
    let mut client = Client::start(&project, &Options::default());
    assert_eq!(client.pushed("lint.toml").as_array().map(Vec::len), Some(1));
    client.open("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    client.end();
}

#[test]
fn the_configuration_is_read_again_where_nobody_watches_it() {
    let project = Project::new(&[("a.py", "import os\n")]);
    let mut client = Client::start(&project, &Options { watches_nothing: true, ..Options::default() });
    client.open("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    project.write("lint.toml", "[rules]\nunused-import = \"off\"\n");
    client.saved("a.py");
    assert_eq!(client.pushed("a.py"), json!([]));
    client.end();
}

#[test]
fn findings_go_with_their_folder() {
    let project = Project::new(&[("a.py", "import os\n")]);
    let mut client = Client::start(&project, &Options::default());
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    let gone = json!({ "added": [], "removed": [{ "uri": client.uri(""), "name": "project" }] });
    client.tell("workspace/didChangeWorkspaceFolders", json!({ "event": gone }));
    assert_eq!(client.pushed("a.py"), json!([]));
    client.end();
}

#[test]
fn files_come_and_go() {
    let project =
        Project::new(&[("a.py", "from p.b import x\n\nprint(x)\n"), ("p/__init__.py", ""), ("p/b.py", "x = 1\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    // The program is read by then, so that nothing is pushed before the event comes.
    asked(&mut client, "hover", "a.py", 0, 0);
    fs::remove_file(project.path("p/b.py")).expect("the file can be removed");
    client.changed_on_disk("p/b.py", 3);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unresolved-import", 0)]));
    project.write("p/b.py", "x = 1\n");
    client.changed_on_disk("p/b.py", 1);
    assert_eq!(client.pushed("a.py"), json!([]));
    // A buffer that was never saved is a module all the same.
    project.write("p/b.py", "");
    fs::remove_file(project.path("p/b.py")).expect("the file can be removed");
    client.changed_on_disk("p/b.py", 3);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unresolved-import", 0)]));
    client.open_with("p/b.py", "x = 1\n");
    assert_eq!(client.pushed("a.py"), json!([]));
    client.end();
}

#[test]
fn what_is_left_out_is_looked_for_as_imports_change() {
    let project = Project::new(&[
        ("a.py", "x = 1\n"),
        ("p/__init__.py", ""),
        ("p/made.py", "x = 1\n"),
        (".gitignore", "made.py\n"),
    ]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    client.open("p/__init__.py");
    client.replace("a.py", "from p import gone\n\nprint(gone)\n");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("missing-name", 0)]));
    client.replace("a.py", "from p import made\n\nprint(made)\n");
    assert_eq!(shown(&client.pushed("a.py")), []);
    client.replace("p/__init__.py", "__all__ = [\"gone\"]\n");
    assert_eq!(shown(&client.pushed("p/__init__.py")), found(&[("undefined-in-all", 0)]));
    client.replace("p/__init__.py", "__all__ = [\"made\"]\n");
    assert_eq!(shown(&client.pushed("p/__init__.py")), []);
    fs::remove_file(project.path("p/made.py")).expect("the file can be removed");
    client.changed_on_disk("p/made.py", 3);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("missing-name", 0)]));
    project.write(".gitignore", "made\nmade.py\n");
    project.write("p/made/__init__.py", "");
    client.changed_on_disk("p/made", 1);
    assert_eq!(shown(&client.pushed("a.py")), []);
    fs::remove_dir_all(project.path("p/made")).expect("the folder can be removed");
    client.changed_on_disk("p/made", 3);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("missing-name", 0)]));
    client.end();
}

/// The answer to a question about a position.
fn asked(client: &mut Client, method: &str, path: &str, line: u32, character: u32) -> Value {
    let params = json!({
        "textDocument": { "uri": client.uri(path) },
        "position": at(line, character),
        "context": { "includeDeclaration": true },
    });
    client.ask(&format!("textDocument/{method}"), params)
}

#[test]
fn imports_lead_to_what_they_import_and_modules_to_who_imports_them() {
    let main = "from p.face import made\nimport p.face\nfrom p.star import *\n\nmade()\np.face.made()  # douane: ignore[F401]\n";
    let face = ("p/face.py", "from p.make import made\n");
    let make = ("p/make.py", "\n\ndef made(): ...\n");
    let star = ("p/star.py", "one = 1\ntwo = 2\n_three = 3\n");
    let project = Project::new(&[("main.py", main), ("p/__init__.py", ""), face, make, star]);
    let mut client = Client::start(&project, &Options::default());
    client.open("main.py");
    let definition = json!({ "start": at(2, 4), "end": at(2, 8) });
    for (line, character) in [(0, 20), (4, 1), (5, 9)] {
        let found = asked(&mut client, "definition", "main.py", line, character);
        assert_eq!((&found["uri"], &found["range"]), (&json!(client.uri("p/make.py")), &definition), "{line}");
    }
    for (line, character) in [(0, 6), (1, 10)] {
        let found = asked(&mut client, "definition", "main.py", line, character);
        assert_eq!(found["uri"], client.uri("p/face.py"), "{line}");
    }
    let importers = asked(&mut client, "references", "main.py", 0, 6);
    let lines: Vec<&Value> =
        importers.as_array().expect("places").iter().map(|at| &at["range"]["start"]["line"]).collect();
    assert_eq!(lines, [0, 1]);
    client.open("p/make.py");
    let importers = asked(&mut client, "references", "p/make.py", 0, 0);
    assert_eq!(importers[0]["uri"], client.uri("p/face.py"));

    let said = |answer: &Value| answer["contents"]["value"].as_str().unwrap_or_default().to_owned();
    let star = said(&asked(&mut client, "hover", "main.py", 2, 19));
    assert!(star.contains("The star brings 2: `one`, `two`"), "{star}");
    let face = said(&asked(&mut client, "hover", "main.py", 0, 6));
    assert!(face.starts_with("`p.face`, of this program") && face.contains("Nobody else imports it."), "{face}");
    let make = said(&asked(&mut client, "hover", "main.py", 5, 35));
    assert!(make.starts_with("**unused-import**"), "{make}");
    assert_eq!(asked(&mut client, "hover", "main.py", 3, 0), Value::Null);
    client.end();
}

#[test]
fn the_session_ends_as_the_protocol_says() {
    let project = Project::new(&TWO);
    let mut client = Client::start(&project, &Options::default());
    let unknown = client.begin("textDocument/nothing", json!({}));
    assert_eq!(client.error_of(unknown), -32601);
    let wrong = client.begin("textDocument/codeAction", json!({ "textDocument": 1 }));
    assert_eq!(client.error_of(wrong), -32602);
    assert_eq!(client.ask("shutdown", Value::Null), Value::Null);
    let late = client.begin("textDocument/codeAction", json!({}));
    assert_eq!(client.error_of(late), -32600);
    client.tell("exit", Value::Null);
    assert_eq!(client.exit_code(), Some(0));

    let mut client = Client::start(&project, &Options::default());
    client.tell("exit", Value::Null);
    assert_eq!(client.exit_code(), Some(1));

    let mut client = Client::start(&project, &Options::default());
    client.hang_up();
    assert_eq!(client.exit_code(), Some(1));
}

#[test]
fn a_waiting_request_can_be_taken_back() {
    let project = Project::new(&[("a.py", "import os\n")]);
    let mut client = Client::start(&project, &Options { pulls: true, ..Options::default() });
    let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
    let known = json!([{ "uri": all["items"][0]["uri"], "value": all["items"][0]["resultId"] }]);
    let waiting = client.begin("workspace/diagnostic", json!({ "previousResultIds": known }));
    client.tell("$/cancelRequest", json!({ "id": waiting }));
    assert_eq!(client.error_of(waiting), -32800);
    client.end();
}

#[test]
#[cfg(unix)]
fn the_server_ends_with_the_process_that_started_it() {
    let project = Project::new(&TWO);
    let mut editor = Command::new("sleep").arg("60").spawn().expect("sleep can be started");
    let process = Some(editor.id());
    let mut client = Client::start(&project, &Options { process, ..Options::default() });
    editor.kill().expect("it can be killed");
    editor.wait().expect("it ends");
    assert_eq!(client.exit_code_within(Duration::from_secs(20)), Some(1));
}

#[test]
fn imports_have_hints_where_they_are_wanted() {
    let project = Project::new(&[("main.py", "import json\nimport heavy\n\nprint(json, heavy)\n"), ("heavy.py", "")]);
    let many: String = (0..30).map(|number| format!("import part{number}\n")).collect();
    project.write("heavy.py", many);
    for number in 0..30 {
        project.write(&format!("part{number}.py"), "");
    }
    let hints = |settings: Value| {
        let mut client = Client::start(&project, &Options { settings, ..Options::default() });
        client.open("main.py");
        let range = json!({ "start": at(0, 0), "end": at(4, 0) });
        let params = json!({ "textDocument": { "uri": client.uri("main.py") }, "range": range });
        let hints = client.ask("textDocument/inlayHint", params);
        client.end();
        hints
    };
    assert_eq!(hints(json!({})), json!([]));
    let found = hints(json!({ "importHints": { "enable": true } }));
    assert_eq!(
        (found[0]["label"].as_str(), &found[0]["position"]),
        (Some("31 modules, 0.0 MiB"), &at(1, 12)),
        "{found}"
    );
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(hints(json!({ "importHints": { "enable": true, "modules": 100 } })), json!([]));
}

#[test]
fn the_editor_can_change_its_mind() {
    let project = Project::new(&[
        ("a.py", "import os\n"),
        ("b.py", "import re\n"),
        ("strict.toml", "[rules]\nunused-import = \"error\"\n"),
    ]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    assert_eq!(client.pushed("a.py")[0]["severity"], 2);
    assert_eq!(client.pushed("b.py")[0]["severity"], 2);
    client.tell(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "douane": { "configuration": "strict.toml" } } }),
    );
    assert_eq!(client.pushed("a.py")[0]["severity"], 1);
    assert_eq!(client.pushed("b.py")[0]["severity"], 1);
    client.tell(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "douane": { "findingsOfUnopenedFiles": 0, "configuration": "strict.toml" } } }),
    );
    assert_eq!(client.pushed("b.py"), json!([]));
    client.tell("workspace/didChangeConfiguration", json!({ "settings": null }));
    client.end();
}

#[test]
fn a_configuration_says_what_its_rules_are() {
    let project = Project::new(&[("a.py", ""), ("lint.toml", "[rules]\nstar-import = \"off\"\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("lint.toml");
    let said = asked(&mut client, "hover", "lint.toml", 1, 4);
    assert!(said["contents"]["value"].as_str().unwrap_or_default().starts_with("**star-import**"), "{said}");
    assert_eq!(asked(&mut client, "hover", "lint.toml", 0, 3), Value::Null);
    client.end();
}

#[test]
fn a_burst_of_events_costs_one_update() {
    let project = Project::new(&[("a.py", "from b import x\n\nprint(x)\n"), ("b.py", "x = 1\n")]);
    for number in 0..500 {
        project.write(&format!("part{number}.py"), "__all__ = []\n");
    }
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    client.ask("textDocument/hover", json!({ "textDocument": { "uri": client.uri("a.py") }, "position": at(0, 0) }));
    project.write("b.py", "y = 1\n");
    for number in 0..5_000 {
        client.changed_on_disk(&format!("part{}.py", number % 500), 2);
    }
    client.changed_on_disk("b.py", 2);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("missing-name", 0)]));
    client.end();
}

#[test]
fn a_file_without_a_project_is_looked_at_alone() {
    let project = Project::new(&[("a.py", "import os\nfrom b import x\n\nprint(x)\n"), ("b.py", "import re\n")]);
    fs::remove_file(project.path("lint.toml")).expect("it can be removed");
    let mut client = Client::start(&project, &Options { has_no_folder: true, ..Options::default() });
    client.open("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    client.close("a.py");
    assert_eq!(client.pushed("a.py"), json!([]));
    client.open("a.py");
    client.pushed("a.py");
    client.replace("a.py", "from b import x\n\nprint(x)\n");
    assert_eq!(client.pushed("a.py"), json!([]));
    client.end();
}

#[test]
fn an_import_is_measured_when_somebody_asks() {
    let project = Project::new(&[("a.py", "import json\n\nprint(json)\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    assert!(client.actions("a.py", 2, &[]).is_empty());
    let actions = client.actions("a.py", 0, &[]);
    assert_eq!(actions[0]["title"], "Measure what `json` loads: this runs it", "{actions:?}");
    let command = &actions[0]["command"];
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    assert_eq!(client.ask("workspace/executeCommand", params), Value::Null);
    let said = client.wait_for("window/showMessage");
    let said = said["params"]["message"].as_str().unwrap_or_default();
    assert!(said.starts_with("`json` loads ") && said.contains(" MiB of private memory, "), "{said}");
    let elsewhere = json!({ "command": "douane.measure", "arguments": ["/", "json"] });
    let id = client.begin("workspace/executeCommand", elsewhere);
    assert_eq!(client.error_of(id), -32602);
    client.end();
}

#[test]
fn mistakes_in_a_configuration_show_before_it_is_saved() {
    let project = Project::new(&[("a.py", "import os\n"), ("lint.toml", "[rules]\nunused-import = \"error\"\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    client.pushed("a.py");
    client.open("lint.toml");
    client.replace("lint.toml", "[rules]\nunused-imprt = \"off\"\n");
    let problem = client.pushed("lint.toml");
    assert!(problem[0]["message"].as_str().unwrap_or_default().contains("unused-imprt"), "{problem}");
    client.replace("lint.toml", "[rules]\nunused-import = \"warning\"\n");
    assert_eq!(client.pushed("lint.toml"), json!([]));
    // It counts once it is saved.
    project.write("lint.toml", "[rules]\nunused-import = \"warning\"\n");
    client.tell("textDocument/didSave", json!({ "textDocument": { "uri": client.uri("lint.toml") } }));
    assert_eq!(client.pushed("a.py")[0]["severity"], 2);
    client.replace("lint.toml", "[");
    assert_eq!(client.pushed("lint.toml").as_array().map(Vec::len), Some(1));
    client.close("lint.toml");
    assert_eq!(client.pushed("lint.toml"), json!([]));
    client.end();

    // Nor is what was mended and not saved.
    project.write("lint.toml", "[");
    let mut client = Client::start(&project, &Options::default());
    client.pushed("lint.toml");
    client.open("lint.toml");
    client.replace("lint.toml", "");
    while client.pushed("lint.toml") != json!([]) {}
    client.close("lint.toml");
    assert_eq!(client.pushed("lint.toml").as_array().map(Vec::len), Some(1));
    client.end();
}

#[test]
fn what_no_person_types_does_not_end_the_server() {
    let project = Project::new(&TWO);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    client.replace("a.py", &format!("def f(a: \"{}\"): pass\n", "a[".repeat(50_000)));
    client.replace("a.py", &format!("x = {}1\n", "lambda: ".repeat(50_000)));
    client.replace("a.py", &format!("x = {}1\n", "await ".repeat(20_000)));
    assert_eq!(client.pushed("a.py").as_array().expect("a list of findings").len(), 10_000);
    client.replace("a.py", TWO[0].1);
    assert_eq!(shown(&client.pushed("a.py")), []);
    client.end();
}

#[test]
fn an_import_that_was_typed_again_stays() {
    let project = Project::new(&[("a.py", "import os\nimport re\nimport sys\n\nprint(sys)\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    let fix_all = |client: &mut Client| {
        let actions = client.actions("a.py", 0, &["source.fixAll.douane"]);
        actions.first().map(|action| client.text_after("a.py", action))
    };
    assert_eq!(fix_all(&mut client).as_deref(), Some("import sys\n\nprint(sys)\n"));
    // As if saving had removed it, and somebody needs it all the same.
    client.replace("a.py", "import re\nimport sys\n\nprint(sys)\n");
    asked(&mut client, "hover", "a.py", 0, 0);
    client.replace("a.py", "import os\nimport re\nimport sys\n\nprint(sys)\n");
    assert_eq!(fix_all(&mut client).as_deref(), Some("import os\nimport sys\n\nprint(sys)\n"));
    client.end();
}

#[test]
fn requests_that_wait_can_be_taken_back() {
    let project = Project::new(&TWO);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    // The server is busy with the first: the others and what takes them back lie side by side.
    let params = json!({ "textDocument": { "uri": client.uri("a.py") }, "position": at(0, 6) });
    let mut large = String::new();
    (0..20_000).for_each(|number| large.push_str(&format!("x{number} = {number}\n")));
    client.open_with("c.py", &large);
    let asked: Vec<u64> = (0..20).map(|_| client.begin("textDocument/hover", params.clone())).collect();
    for id in &asked[1..] {
        client.tell("$/cancelRequest", json!({ "id": id }));
    }
    client.answer_to(asked[0]);
    let last = *asked.last().expect("there are some");
    assert_eq!(client.error_of(last), -32800);
    client.end();
}

#[test]
fn what_can_not_be_read_does_not_end_the_session() {
    let project = Project::new(&TWO);
    let mut client = Client::start(&project, &Options::default());
    for text in ["{", "[]", "{\"jsonrpc\":\"2.0\",\"method\":12}", "{\"jsonrpc\":\"2.0\",\"id\":1}"] {
        client.send_text(text);
        let said = client.wait_for("window/logMessage");
        assert!(said["params"]["message"].as_str().unwrap_or_default().starts_with("a message that can't be read: "));
    }
    client.send_text("{\"jsonrpc\":\"2.0\",\"id\":77,\"method\":12}");
    assert_eq!(client.error_of(77), -32600);
    // Editors may hold half of a surrogate pair.
    let uri = client.uri("a.py");
    client.send_text(&format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/didOpen\",\"params\":{{\"textDocument\":\
         {{\"uri\":\"{uri}\",\"languageId\":\"python\",\"version\":1,\"text\":\"x = '\\ud83d'; import os\"}}}}}}"
    ));
    client.open("b.py");
    let found = asked(&mut client, "hover", "a.py", 0, 17);
    assert!(found["contents"]["value"].as_str().unwrap_or_default().contains("`os`"), "{found}");
    client.end();
}

#[test]
fn choices_that_can_not_be_followed_are_told_and_passed_over() {
    let project = Project::new(&[("a.py", "import os\n"), ("b.py", "import re\n")]);
    let settings = json!({ "python": "nowhere", "findingsOfUnopenedFiles": 0 });
    let mut client = Client::start(&project, &Options { settings, ..Options::default() });
    let said = client.wait_for("window/showMessage");
    assert!(said["params"]["message"].as_str().unwrap_or_default().contains("nowhere"), "{said}");
    client.open("a.py");
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unused-import", 0)]));
    // A client that sends nothing means nothing by it: what it said at the start counts.
    for settings in [json!({ "douane": null }), json!({ "douane": {} })] {
        client.tell("workspace/didChangeConfiguration", json!({ "settings": settings }));
        asked(&mut client, "hover", "a.py", 0, 0);
    }
    let many = json!({ "douane": { "python": "", "findingsOfUnopenedFiles": 9 } });
    client.tell("workspace/didChangeConfiguration", json!({ "settings": many }));
    assert_eq!(shown(&client.pushed("b.py")), found(&[("unused-import", 0)]));
    client.end();
}

#[test]
fn as_many_findings_of_unopened_files_are_shown_as_somebody_wants() {
    let project = Project::new(&[("a.py", "import os\nimport re\nimport sys\n"), ("b.py", "import re\n")]);
    for (most, in_a, in_b) in [(1, 1, 0), (3, 3, 0), (4, 3, 1)] {
        let settings = json!({ "findingsOfUnopenedFiles": most });
        let mut client = Client::start(&project, &Options { settings, pulls: true, ..Options::default() });
        let all = client.ask("workspace/diagnostic", json!({ "previousResultIds": [] }));
        let count = |file: &str| {
            let items = all["items"].as_array().expect("a list");
            let of_file = items.iter().find(|item| item["uri"] == client.uri(file).as_str());
            of_file.map_or(0, |item| item["items"].as_array().map_or(0, Vec::len))
        };
        assert_eq!((count("a.py"), count("b.py")), (in_a, in_b), "{most}");
        client.end();
    }
}

#[test]
fn mistakes_in_pyproject_show_while_they_are_mended() {
    let mistake = "[project]\nname = \"p\"\n\n[tool.douane.rules]\nunused-imprt = \"off\"\n";
    let project = Project::new(&[("a.py", "import os\n"), ("pyproject.toml", mistake)]);
    fs::remove_file(project.path("lint.toml")).expect("it can be removed");
    let mut client = Client::start(&project, &Options::default());
    assert_eq!(client.pushed("pyproject.toml").as_array().map(Vec::len), Some(1));
    client.open("pyproject.toml");
    assert_eq!(client.pushed("pyproject.toml").as_array().map(Vec::len), Some(1));
    client.replace("pyproject.toml", &mistake.replace("imprt", "import"));
    assert_eq!(client.pushed("pyproject.toml"), json!([]));
    client.end();
}

#[test]
#[cfg(unix)]
fn a_file_is_known_by_the_links_that_lead_to_it() {
    let project = Project::new(&[("real/a.py", "import os\n"), ("real/lint.toml", "")]);
    std::os::unix::fs::symlink(project.path("real"), project.path("link")).expect("a link can be made");
    for (folders, opened) in [(&["real"], "link/a.py"), (&["link"], "real/a.py")] {
        let mut client = Client::start(&project, &Options { folders, ..Options::default() });
        client.open(opened);
        assert_eq!(shown(&client.pushed(opened)), found(&[("unused-import", 0)]), "{opened}");
        client.replace(opened, "import os\n\nprint(os)\n");
        assert_eq!(client.pushed(opened), json!([]), "{opened}");
        client.end();
    }
}

#[test]
fn a_file_that_is_not_there_yet_is_looked_at_alone() {
    let project = Project::new(&[]);
    fs::remove_file(project.path("lint.toml")).expect("it can be removed");
    let mut client = Client::start(&project, &Options { has_no_folder: true, ..Options::default() });
    client.open_with("new.py", "import os\n");
    assert_eq!(shown(&client.pushed("new.py")), found(&[("unused-import", 0)]));
    client.end();
}

#[test]
fn files_of_two_folders_are_moved_in_one_request() {
    let project = Project::new(&[
        ("one/lint.toml", ""),
        ("one/a.py", ""),
        ("one/m.py", "import a\n\nprint(a)\n"),
        ("two/lint.toml", ""),
        ("two/b.py", ""),
        ("two/n.py", "import b\n\nprint(b)\n"),
    ]);
    let mut client = Client::start(&project, &Options { folders: &["one", "two"], ..Options::default() });
    let moved = |from: &str, to: &str| json!({ "oldUri": client.uri(from), "newUri": client.uri(to) });
    let files = json!([moved("one/a.py", "one/c.py"), moved("two/b.py", "two/d.py")]);
    let edit = client.ask("workspace/willRenameFiles", json!({ "files": files }));
    let changes = edit["documentChanges"].as_array().expect("changes of documents");
    let changed: Vec<&str> = changes.iter().filter_map(|change| change["textDocument"]["uri"].as_str()).collect();
    assert_eq!(changed, [client.uri("one/m.py"), client.uri("two/n.py")]);
    client.end();
}

#[test]
fn what_git_writes_changes_nothing() {
    let project = Project::new(&[("a.py", "import os\n")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    client.pushed("a.py");
    project.write(".git/objects/ab/cd", "");
    project.write("node_modules/x/pyproject.toml", "[tool.douane.rules]\nunused-import = \"off\"\n");
    for path in [".git/objects/ab", ".git/objects/ab/cd", "node_modules/x/pyproject.toml", "gone/pyproject.toml"] {
        client.changed_on_disk(path, 1);
    }
    project.write("b.py", "import re\n");
    client.changed_on_disk("b.py", 1);
    assert_eq!(shown(&client.pushed("b.py")), found(&[("unused-import", 0)]));
    client.end();
}

#[test]
fn what_is_ignored_here_is_not_ignored_there() {
    let text = "from re import (\n    match,\n    sub,\n)\n";
    let project = Project::new(&[("a.py", text)]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    let actions = client.actions("a.py", 1, &["quickfix"]);
    let ignoring = actions.iter().find(|action| action["title"] == "Ignore `unused-import` here");
    let ignored = client.text_after("a.py", ignoring.expect("it can be ignored"));
    assert_eq!(ignored, text.replace("match,", "match,  # douane: ignore[unused-import]"));
    client.replace("a.py", &ignored);
    asked(&mut client, "hover", "a.py", 0, 6);
    assert_eq!(client.actions("a.py", 1, &["quickfix"]), [Value::Null; 0]);
    assert!(!client.actions("a.py", 2, &["quickfix"]).is_empty());
    client.end();
}

#[test]
fn an_environment_may_come_while_files_are_edited() {
    let project = Project::new(&[("a.py", "import rq\nimport linked\n\nprint(rq, linked)\n"), ("other/linked.py", "")]);
    let mut client = Client::start(&project, &Options::default());
    client.open("a.py");
    asked(&mut client, "hover", "a.py", 0, 8);
    let packages = ".venv/lib/python3.12/site-packages";
    let linked = project.path("other").display().to_string();
    let package = |name: &str| format!("{packages}/{name}");
    let files = [(".venv/pyvenv.cfg".to_owned(), "home = /usr/bin\nversion = 3.12.1\n"), (package("x.py"), "")];
    for (path, text) in files {
        project.write(&path, text);
        client.changed_on_disk(&path, 1);
        asked(&mut client, "hover", "a.py", 0, 8);
    }
    let missing = found(&[("unresolved-import", 0), ("unresolved-import", 1)]);
    assert_eq!(shown(&client.pushed("a.py")), missing);
    project.write(&package("rq.py"), "");
    client.changed_on_disk(&package("rq.py"), 1);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unresolved-import", 1)]));
    project.write(&package("linked.pth"), format!("{linked}\n"));
    client.changed_on_disk(&package("linked.pth"), 1);
    assert_eq!(shown(&client.pushed("a.py")), []);
    fs::remove_file(project.path(&package("rq.py"))).expect("it can be removed");
    client.changed_on_disk(&package("rq.py"), 3);
    assert_eq!(shown(&client.pushed("a.py")), found(&[("unresolved-import", 0)]));
    fs::remove_dir_all(project.path(".venv")).expect("it can be removed");
    client.changed_on_disk(".venv", 3);
    assert_eq!(shown(&client.pushed("a.py")), []);
    client.end();
}

#[test]
fn outer_and_inner_folders_follow_a_move() {
    let project = Project::new(&[
        ("outer.py", "import inner.a\n\nprint(inner.a)\n"),
        ("inner/lint.toml", ""),
        ("inner/a.py", ""),
        ("inner/m.py", "import a\n\nprint(a)\n"),
    ]);
    let mut client = Client::start(&project, &Options { folders: &["", "inner"], ..Options::default() });
    let files = json!([{ "oldUri": client.uri("inner/a.py"), "newUri": client.uri("inner/z.py") }]);
    let edit = client.ask("workspace/willRenameFiles", json!({ "files": files }));
    let changes = edit["documentChanges"].as_array().expect("changes of documents");
    let new: Vec<(&str, &str)> = changes
        .iter()
        .map(|change| {
            let uri = change["textDocument"]["uri"].as_str().expect("a URI");
            (uri, change["edits"][0]["newText"].as_str().expect("a text"))
        })
        .collect();
    assert_eq!(new, [(&*client.uri("outer.py"), "inner.z"), (&*client.uri("inner/m.py"), "z")]);
    client.end();
}
