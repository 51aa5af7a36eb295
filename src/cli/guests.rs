//! `frontdesk guest export` and `frontdesk guest erase`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use frontdesk_domain::ids::GuestId;

use super::{database, offline};
use crate::attachments::Folder;
use crate::audit::{self, Action, Actor};
use crate::http::now;
use crate::privacy::archive;
use crate::store::Opened;
use crate::store::privacy::Erasure;

/// Writes all that is stored of a guest into a ZIP file. The server may be running.
pub(super) fn export(guest: GuestId, to: Option<PathBuf>, file: Option<&Path>) -> ExitCode {
    offline::run(file, async |config, of| {
        let data = database::export(of, guest).await?;
        let Some(data) = data else { bail!("there is no guest {guest}") };
        let path = to.unwrap_or_else(|| format!("guest-{guest}.zip").into());
        let out = File::options().write(true).read(true).create_new(true).open(&path);
        let out = out.with_context(|| format!("{} cannot be made; is it there already?", path.display()))?;
        let files = Folder::new(&config.storage.data_dir);
        let (out, enclosed) = archive(data, &files, out, now()).await?;
        out.sync_all()?;
        Ok::<_, anyhow::Error>(format!("export {} ({enclosed} files)", path.display()))
    })
}

/// Notes that a guest is to be erased. The server does it when it starts: conversations are their actors' to write.
pub(super) fn erase(guest: GuestId, file: Option<&Path>) -> ExitCode {
    offline::run(file, async |_, of| {
        let opened = Opened::open(of).await?;
        let store = opened.database();
        let Some(property) = store.property_of(guest).await? else {
            opened.close().await;
            bail!("there is no guest {guest}");
        };
        let asked = Erasure { guest, property, agent: None, asked_at: now(), done_at: None };
        store.ask_erasure(asked).await?;
        let deed = audit::deed(
            &Actor::operator().within(property),
            Action::GuestErased,
            &format!("guest:{guest}"),
            "",
            now(),
        );
        store.add_deed(deed).await?;
        opened.close().await;
        Ok::<_, anyhow::Error>(format!("guest {guest} is erased as soon as the server starts"))
    })
}
