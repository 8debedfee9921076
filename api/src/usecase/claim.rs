//! Conflicts of claims on one account, and the timeline that both sides see.

use super::commit::Work;
use super::failure::Failure;
use domain::claim::Conflict;
use domain::registration::Registration;
use domain::slice::Slice;
use serde_json::json;

/// Opens the conflict of a claim that arrives where others stand, or joins the one that is open.
pub(super) async fn meet(
    work: &mut Work<'_>,
    whole: &Slice,
    arrived: &mut Registration,
    rivals: Vec<Registration>,
) -> Result<(), Failure> {
    if rivals.is_empty() && !arrived.is_channel_conflict {
        return Ok(());
    }
    let open = entity::registration_conflict::open_of_domain(&work.tx, whole, &arrived.domain).await?;
    let conflict = match open {
        Some(mut conflict) => {
            conflict.is_channel |= arrived.is_channel_conflict;
            conflict.version += 1;
            entity::registration_conflict::update(&work.tx, whole, &conflict).await?;
            conflict
        }
        None => {
            let conflict = Conflict {
                id: work.id(),
                domain: arrived.domain.clone(),
                is_channel: arrived.is_channel_conflict,
                opened_at: work.now,
                decision: None,
                version: 1,
            };
            entity::registration_conflict::insert(&work.tx, whole, &conflict).await?;
            conflict
        }
    };
    arrived.conflict_id = Some(conflict.id);
    for rival in rivals.into_iter().filter(|rival| rival.conflict_id != Some(conflict.id)) {
        let rival = Registration { conflict_id: Some(conflict.id), version: rival.version + 1, ..rival };
        entity::registration::update(&work.tx, whole, &rival).await?;
    }
    let body = json!({ "domain": conflict.domain, "isChannel": conflict.is_channel, "claim": arrived.id });
    work.record("conflict.open", "RegistrationConflict", conflict.id, body);
    work.announce("registration.conflict", conflict.id, json!({ "isDecided": false }));
    Ok(())
}
