//! Messages over standard input and output, each behind a header that says how long it is (the protocol's base part).
//!
//! Both ways lead through queues without an end: so the server sees all that is waiting, and never waits itself for a client
//! that does not read. What can't be read is told, and the next message is taken.

use std::{
    borrow::Cow,
    io::{self, BufRead},
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, unbounded};
use lsp_server::{Message, RequestId};
use serde_json::Value;

/// The way to the client.
pub(crate) struct Connection {
    pub(crate) sender: Sender<Message>,
    pub(crate) receiver: Receiver<Incoming>,
    is_written: Receiver<()>,
}

/// What comes from the client.
pub(crate) type Incoming = Result<Message, Unreadable>;

/// A message that can't be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// Of the request that waits for an answer.
    pub(crate) id: Option<RequestId>,
    pub(crate) problem: String,
}

impl Connection {
    /// Starts to read and to write at standard input and output.
    pub(crate) fn stdio() -> io::Result<Self> {
        let (sender, outgoing) = unbounded::<Message>();
        let (incoming, receiver) = unbounded::<Incoming>();
        let (written, is_written) = unbounded::<()>();
        let write = move || {
            let mut output = io::stdout().lock();
            // A client that is gone is noticed where it is read from.
            let _ = outgoing.into_iter().try_for_each(|message| message.write(&mut output));
            drop(written);
        };
        thread::Builder::new().name("writer".to_owned()).spawn(write)?;
        thread::Builder::new().name("reader".to_owned()).spawn(move || read(&mut io::stdin().lock(), &incoming))?;
        Ok(Self { sender, receiver, is_written })
    }

    /// Waits until everything is written, though not for ever: the client may not read any more.
    pub(crate) fn finish(self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        let Self { sender, is_written, .. } = self;
        drop(sender);
        let _ = is_written.recv_timeout(PATIENCE);
    }
}

/// Reads messages until the input ends.
fn read(input: &mut dyn BufRead, incoming: &Sender<Incoming>) {
    loop {
        let message = match content(input) {
            Ok(Some(content)) => message(&content),
            Ok(None) => return,
            // Where the next message begins is not known any more.
            Err(error) => {
                let _ = incoming.send(Err(Unreadable { id: None, problem: error.to_string() }));
                return;
            }
        };
        if incoming.send(message).is_err() {
            return;
        }
    }
}

/// The bytes of the next message; `None` at the end of the input.
fn content(input: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length: Option<usize> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let header = String::from_utf8_lossy(line.trim_ascii());
        match (header.split_once(':'), length) {
            (Some((name, value)), _) if name.eq_ignore_ascii_case("Content-Length") => {
                length = value.trim().parse().ok();
            }
            (Some(_), _) => {}
            (None, Some(length)) if header.is_empty() => {
                let mut content = vec![0; length];
                input.read_exact(&mut content)?;
                return Ok(Some(content));
            }
            (None, _) => return Err(io::Error::other(format!("no header of a message: `{header}`"))),
        }
    }
}

fn message(content: &[u8]) -> Incoming {
    let text = String::from_utf8_lossy(content);
    let text = without_halves(&text);
    serde_json::from_str(&text).map_err(|error| {
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let is_request = value.get("method").is_some();
        let id = value.get("id").filter(|_| is_request).cloned();
        Unreadable { id: id.and_then(|id| serde_json::from_value(id).ok()), problem: error.to_string() }
    })
}

/// JSON without escaped halves of surrogate pairs, which editors may have in a buffer but no text in Rust can hold.
fn without_halves(json: &str) -> Cow<'_, str> {
    const REPLACEMENT: &str = "\\ufffd";
    if !json.contains("\\u") {
        return Cow::Borrowed(json);
    }
    let unit = |at: usize| {
        let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut text = String::with_capacity(json.len());
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = json[at..].find('\\') {
        at += found;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                text.push_str(&json[copied..at]);
                text.push_str(REPLACEMENT);
                copied = at + 6;
                6
            }
            // Another escape, such as that of a backslash: what is escaped is one byte of ASCII.
            _ => 2,
        };
        if !json.is_char_boundary(at) {
            break;
        }
    }
    text.push_str(&json[copied..]);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_surrogate_pairs_are_replaced() {
        for (json, expected) in [
            (r#""plain""#, r#""plain""#),
            (r#""\ud83d\ude00 \u00e9""#, r#""\ud83d\ude00 \u00e9""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00x\ud83d\ud83d\ude00""#, r#""\ufffdx\ufffd\ud83d\ude00""#),
            (r#""\\ud83d \\\ud83d""#, r#""\\ud83d \\\ufffd""#),
            ("\"\\u12", "\"\\u12"),
            ("\"\\é\\u", "\"\\é\\u"),
        ] {
            assert_eq!(without_halves(json), expected, "{json}");
        }
    }

    #[test]
    fn messages_are_read_one_after_the_other() {
        let valid = r#"{"jsonrpc":"2.0","method":"exit"}"#;
        let contents = [valid, "[]", r#"{"id":7,"method":12}"#, valid];
        let framed: String =
            contents.map(|content| format!("content-length:{}\r\nX: y\r\n\r\n{content}", content.len())).concat();
        let (sender, receiver) = unbounded();
        read(&mut format!("{framed}what?\r\n{valid}").as_bytes(), &sender);
        drop(sender);
        let read: Vec<Result<(), Option<RequestId>>> =
            receiver.iter().map(|message| message.map(drop).map_err(|unreadable| unreadable.id)).collect();
        assert_eq!(read, [Ok(()), Err(None), Err(Some(RequestId::from(7))), Ok(()), Err(None)]);
    }
}
