//! The trailers by which this program recognizes its commits.

use std::fmt::Write as _;

use git2::{Oid, Signature};
use sha2::{Digest, Sha256};

use super::identity::zone;
use super::range::Claim;

const TOOL: &str = "Flux-Codemod: ";
const LANE: &str = "Flux-Codemod-Lane: ";
const UNIT: &str = "Flux-Codemod-Unit: ";
const BATCH: &str = "Flux-Codemod-Batch: ";
const PATCH_ID: &str = "Flux-Codemod-Patch-Id: ";
const DIGEST: &str = "Flux-Codemod-Digest: ";

/// The message with the patch id as a trailer.
pub(super) fn with_patch_id(message: &str, id: Oid) -> String {
    format!("{}\n{PATCH_ID}{id}\n", message.trim_end())
}

/// The message with its digest as the last trailer: of the message so far, and of the author.
/// Whoever writes another message or another author leaves a digest that does not fit.
pub(super) fn with_digest(message: &str, author: &Signature<'_>) -> String {
    format!("{message}{DIGEST}{}\n", digest(message, author))
}

/// The message before its digest, if it ends with one.
pub(super) fn without_digest(message: &[u8]) -> Option<&str> {
    split_digest(message).map(|(message, _)| message)
}

/// Whether a message ends with the digest of itself and of its author.
pub(super) fn is_unchanged(message: &[u8], author: &Signature<'_>) -> bool {
    split_digest(message).is_some_and(|(message, stated)| stated == digest(message, author))
}

fn split_digest(message: &[u8]) -> Option<(&str, &str)> {
    let message = str::from_utf8(message).ok()?;
    let (before, stated) = message.strip_suffix('\n')?.rsplit_once('\n')?;
    Some((&message[..=before.len()], stated.strip_prefix(DIGEST)?))
}

/// The first half of the SHA-256 sum, in hexadecimal.
fn digest(message: &str, author: &Signature<'_>) -> String {
    let mut sum = Sha256::new();
    sum.update(message);
    for part in [author.name_bytes(), author.email_bytes()] {
        sum.update(part);
        sum.update(b"\n");
    }
    sum.update(format!("{} {}", author.when().seconds(), zone(author)));
    sum.finalize().iter().take(20).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The batch that a message names.
pub(super) fn batch(message: &[u8]) -> Option<&str> {
    let message = str::from_utf8(message).ok()?;
    last_paragraph(message).lines().find_map(|line| line.strip_prefix(BATCH))
}

/// The migrations that a message names: several, where commits were squashed into one, and then in
/// any paragraph.
pub(super) fn migrations(message: &[u8]) -> impl Iterator<Item = &str> {
    let lines = str::from_utf8(message).unwrap_or_default().lines();
    // A squash may indent the messages that it takes in.
    lines.filter_map(|line| Some(line.trim().strip_prefix(TOOL)?.split_once('@')?.0))
}

/// The units that a message of ours names, each with its migration.
pub(super) fn units(message: &[u8]) -> impl Iterator<Item = (String, String)> {
    let message = str::from_utf8(message).unwrap_or_default();
    let migration = migrations(last_paragraph(message).as_bytes()).next().map(str::to_owned).unwrap_or_default();
    let units = last_paragraph(message).lines().filter_map(|line| line.strip_prefix(UNIT));
    units.map(move |unit| (migration.clone(), unit.to_owned())).collect::<Vec<_>>().into_iter()
}

/// What a message says of each batch that is in its commit: several, where commits were squashed into one, and then
/// in any paragraph.
pub(super) fn claims(message: &[u8]) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for line in str::from_utf8(message).unwrap_or_default().lines().map(str::trim) {
        if let Some((migration, version)) = line.strip_prefix(TOOL).and_then(|tool| tool.split_once('@')) {
            let (migration, version) = (migration.to_owned(), version.parse().unwrap_or_default());
            claims.push(Claim { migration, version, ..Claim::default() });
        }
        let Some(claim) = claims.last_mut() else { continue };
        if let Some(lane) = line.strip_prefix(LANE) {
            lane.clone_into(&mut claim.lane);
        } else if let Some(batch) = line.strip_prefix(BATCH) {
            batch.clone_into(&mut claim.batch);
        } else if let Some(unit) = line.strip_prefix(UNIT) {
            claim.units.insert(unit.to_owned());
        }
    }
    claims.retain(|claim| !claim.batch.is_empty());
    claims
}

/// What a message says of its commit, if it has all our trailers, each once where it is of one thing.
pub(super) fn claim(message: &[u8]) -> Option<Claim> {
    let trailers = last_paragraph(str::from_utf8(message).ok()?);
    let all = |key: &'static str| trailers.lines().filter_map(move |line| line.strip_prefix(key));
    let one = |key| {
        let mut found = all(key);
        found.next().filter(|_| found.next().is_none())
    };
    let (migration, version) = one(TOOL)?.split_once('@')?;
    Some(Claim {
        migration: migration.to_owned(),
        version: version.parse().ok()?,
        lane: one(LANE)?.to_owned(),
        batch: one(BATCH)?.to_owned(),
        units: all(UNIT).map(str::to_owned).collect(),
    })
}

/// Whether the last paragraph of a message names this program, as all our messages must.
pub(super) fn names_us(message: &str) -> bool {
    last_paragraph(message).lines().any(|line| line.starts_with(TOOL))
}

/// The patch id that a message states, if it has our trailers. If somebody wrote more below them,
/// the message is theirs.
pub(super) fn patch_id(message: &[u8]) -> Option<Oid> {
    let message = str::from_utf8(message).ok().filter(|message| names_us(message))?;
    let stated = last_paragraph(message).lines().rev().find_map(|line| line.strip_prefix(PATCH_ID))?;
    Oid::from_str(stated.trim()).ok().filter(|_| stated.trim().len() == 40)
}

fn last_paragraph(message: &str) -> &str {
    let message = message.trim_end();
    // A subject alone has no trailers.
    message.rsplit_once("\n\n").map_or("", |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_the_last_paragraph() {
        let id = Oid::from_bytes(&[7; 20]).unwrap();
        let message = with_patch_id("subject\n\nbody\n\nFlux-Codemod: chart-ref@1\n", id);
        assert_eq!(
            message,
            format!("subject\n\nbody\n\nFlux-Codemod: chart-ref@1\nFlux-Codemod-Patch-Id: {}\n", "07".repeat(20))
        );
        assert_eq!(patch_id(message.as_bytes()), Some(id));
        assert_eq!(patch_id(format!("{message}Signed-off-by: Me <me@example.org>\n").as_bytes()), Some(id));
        assert_eq!(patch_id(format!("{message}\nand I say more\n").as_bytes()), None);
        assert_eq!(patch_id(message.replace("Flux-Codemod: ", "Other: ").as_bytes()), None);
        assert_eq!(patch_id(message.replace("0707", "").as_bytes()), None);
        assert_eq!(patch_id(b"Flux-Codemod: chart-ref@1"), None);
    }

    #[test]
    fn another_message_or_author_does_not_fit_the_digest() {
        let of = |name: &str, seconds| Signature::new(name, "me@example.org", &git2::Time::new(seconds, 60)).unwrap();
        let me = of("Me", 1);
        let plain = "subject\n\nFlux-Codemod: chart-ref@1\nFlux-Codemod-Batch: 10-sources\n";
        let message = with_digest(plain, &me);
        assert!(is_unchanged(message.as_bytes(), &me));
        assert_eq!((without_digest(message.as_bytes()), batch(message.as_bytes())), (Some(plain), Some("10-sources")));
        assert!(!is_unchanged(message.as_bytes(), &of("You", 1)) && !is_unchanged(message.as_bytes(), &of("Me", 2)));
        for other in [message.replace("subject", "object"), format!("{message}Acked-by: You\n"), plain.to_owned()] {
            assert!(!is_unchanged(other.as_bytes(), &me), "{other}");
        }
    }
}
