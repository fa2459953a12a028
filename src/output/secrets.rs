//! The inventory of encrypted files as text and JSON.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::Layout;
use super::json::SCHEMA;
use super::layout::count;
use crate::secrets::{EncryptedFile, Fate, How, Inventory, Reader, Store};

/// The inventory, as `doctor --secrets --format json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "The encrypted files of a repository")]
pub struct SecretsDocument {
    /// The version of this schema.
    schema: u32,
    /// The stores of External Secrets, by cluster.
    stores: Vec<Store>,
    /// The files that SOPS has encrypted, by path.
    files: Vec<FileEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FileEntry {
    path: String,
    /// The objects in it; none if it holds something else.
    holds: Vec<String>,
    readers: Vec<Reader>,
    fate: FateWord,
    /// The stores that could make it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stores: Vec<String>,
    /// What has to be done before an ExternalSecret takes its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What could become of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum FateWord {
    /// An ExternalSecret could make it.
    ExternalSecret,
    /// A person has to look.
    Look,
    /// It has to stay.
    Stays,
    /// Nothing reads it.
    Unread,
}

impl FateWord {
    fn of(fate: &Fate) -> FateWord {
        match fate {
            Fate::External { .. } => FateWord::ExternalSecret,
            Fate::Look { .. } => FateWord::Look,
            Fate::Stays { .. } => FateWord::Stays,
            Fate::Unread { .. } => FateWord::Unread,
        }
    }

    fn heading(self, number: usize) -> String {
        let what = match self {
            FateWord::ExternalSecret => "could be ExternalSecrets",
            FateWord::Look => "to look at",
            FateWord::Stays => "must stay",
            FateWord::Unread => "nothing reads",
        };
        format!("{what}: {}", count(number, "file"))
    }
}

/// The inventory as JSON.
pub fn secrets_as_json(inventory: &Inventory) -> SecretsDocument {
    SecretsDocument {
        schema: SCHEMA,
        stores: inventory.stores.clone(),
        files: inventory.files.iter().map(FileEntry::from).collect(),
    }
}

impl From<&EncryptedFile> for FileEntry {
    fn from(file: &EncryptedFile) -> FileEntry {
        let (stores, first, why) = match &file.fate {
            Fate::External { stores, first } => (stores.clone(), first.clone(), None),
            Fate::Look { why } | Fate::Stays { why } | Fate::Unread { why } => {
                (Vec::new(), Vec::new(), Some(why.clone()))
            }
        };
        FileEntry {
            path: file.path.as_str().to_owned(),
            holds: file.holds.clone(),
            readers: file.readers.clone(),
            fate: FateWord::of(&file.fate),
            stores,
            first,
            why,
        }
    }
}

/// The inventory as text: the stores, then the files by what could become of them.
pub fn secrets_as_text(inventory: &Inventory, layout: &Layout) -> String {
    let mut out = String::new();
    if inventory.files.is_empty() {
        return format!("{}\n", layout.heading("SOPS has encrypted no file here"));
    }
    for store in &inventory.stores {
        let text = format!("cluster {}: {} ({})", store.cluster, store.shown(), store.provider);
        out.push_str(&layout.fold_deeper("", "  ", &text));
        out.push('\n');
    }
    if inventory.stores.is_empty() {
        out.push_str("no store of External Secrets is in this repository\n");
    }
    let mut by_fate: BTreeMap<FateWord, Vec<&EncryptedFile>> = BTreeMap::new();
    for file in &inventory.files {
        by_fate.entry(FateWord::of(&file.fate)).or_default().push(file);
    }
    for (fate, files) in by_fate {
        out.push_str(&format!("\n{}\n", layout.heading(fate.heading(files.len()))));
        files.iter().for_each(|file| out.push_str(&file_as_text(file, layout)));
    }
    out
}

fn file_as_text(file: &EncryptedFile, layout: &Layout) -> String {
    let mut lines = vec![layout.fold("  ", file.path.as_str())];
    let mut line = |text: &str| lines.push(layout.fold_deeper("    ", "      ", text));
    file.holds.iter().for_each(|object| line(object));
    let mut readers: BTreeMap<(&Option<String>, How), Vec<&str>> = BTreeMap::new();
    for reader in &file.readers {
        readers.entry((&reader.cluster, reader.how)).or_default().push(&reader.by);
    }
    for ((cluster, how), by) in readers {
        let before = cluster.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        line(&format!("{before}{how} {}", few(&by)));
    }
    match &file.fate {
        Fate::External { stores, first } => {
            line(&format!("store: {}", stores.join(", ")));
            first.iter().for_each(|what| line(&format!("first: {what}")));
        }
        Fate::Look { why } | Fate::Stays { why } | Fate::Unread { why } => line(&format!("= {why}")),
    }
    lines.join("\n") + "\n"
}

/// The first few names, and how many more there are.
fn few(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    match names.len() {
        more if more > SHOWN + 1 => format!("{} and {} more", names[..SHOWN].join(", "), more - SHOWN),
        _ => names.join(", "),
    }
}
