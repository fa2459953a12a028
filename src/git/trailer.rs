//! The trailers by which this program recognizes its commits.

use git2::Oid;

const TOOL: &str = "Flux-Codemod: ";
const PATCH_ID: &str = "Flux-Codemod-Patch-Id: ";

/// The message with the patch id as its last trailer.
pub(super) fn with_patch_id(message: &str, id: Oid) -> String {
    format!("{}\n{PATCH_ID}{id}\n", message.trim_end())
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
}
