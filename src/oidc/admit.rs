//! From somebody whom the provider vouches for to an account of ours.
//!
//! People are known by the provider's own name of them. An e-mail address alone opens nothing: it may pass to
//! somebody else, and whoever may choose addresses at a provider could take over an account that was made here.

use std::net::IpAddr;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::{AgentId, PropertyId};
use frontdesk_domain::people::Role;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use super::{Fault, Person};
use crate::audit::{Action, Actor, Audit};
use crate::auth::{Hasher, made_up_password};
use crate::store::{Account, Database, WriteError};

/// The hotel that a mapping means which names none.
const DEFAULT_PROPERTY: &str = "default";

/// What lets people in.
pub struct Admission<'a> {
    /// The accounts.
    pub db: &'a dyn Database,
    /// For the password that nobody knows.
    pub hasher: &'a Hasher,
    /// Who was let in, and as what.
    pub audit: &'a Audit,
    /// Closes sockets.
    pub hub: &'a Hub,
    /// The provider.
    pub issuer: &'a str,
    /// Where the person is.
    pub address: IpAddr,
}

impl Admission<'_> {
    /// The account of this person, as its role is now; made if it is the first time.
    ///
    /// # Errors
    /// See [`Fault`]. Whoever has lost the role has then lost the account as well.
    pub async fn admit(&self, person: Person, now: Timestamp) -> Result<Account, Fault> {
        let known = self.db.identity(self.issuer, &person.subject).await.map_err(failed)?;
        let granted = match &person.grant {
            Some(grant) => {
                let slug = grant.property.as_deref().unwrap_or(DEFAULT_PROPERTY);
                let property = self.db.find_property(slug).await.map_err(failed)?;
                if property.is_none() {
                    tracing::warn!(slug, "OIDC_ROLES names a hotel that is not there");
                }
                property.map(|property| (property, grant.role))
            }
            None => None,
        };
        match (known, granted) {
            (Some(account), _) if account.disabled => Err(Fault::Shut),
            (Some(account), Some((property, role))) if account.property == property => {
                self.again(account, role, now).await
            }
            (Some(account), _) => {
                self.shut(account, now).await?;
                Err(Fault::NoRole)
            }
            (None, Some((property, role))) => self.first(person, property, role, now).await,
            (None, None) => Err(Fault::NoRole),
        }
    }

    async fn again(&self, account: Account, role: Role, now: Timestamp) -> Result<Account, Fault> {
        if account.role == role {
            return Ok(account);
        }
        let what = format!("role {} → {} by single sign-on", account.role.name(), role.name());
        let changed = Account { role, updated_at: now, ..account };
        self.change(&changed, what).await?;
        Ok(changed)
    }

    /// The provider gives no role any more: the account is disabled until an admin says otherwise.
    async fn shut(&self, account: Account, now: Timestamp) -> Result<(), Fault> {
        let shut = Account { disabled: true, updated_at: now, ..account };
        self.change(&shut, "disabled: no role by single sign-on".to_owned()).await
    }

    /// Whatever comes of the write, the logins under the old role end.
    async fn change(&self, account: &Account, what: String) -> Result<(), Fault> {
        let written = self.db.put_account(account.clone()).await;
        self.db.end_sessions(account.id, None).await.map_err(failed)?;
        self.hub.end_agent(account.id);
        written.map_err(|error| match error {
            WriteError::Taken => Fault::Failed("this is the hotel's last admin".to_owned()),
            error => Fault::Failed(error.to_string()),
        })?;
        let actor = Actor::server().within(account.property);
        self.audit.record_detail(&actor, Action::AgentChanged, format!("agent:{}", account.id), what).await;
        Ok(())
    }

    async fn first(
        &self,
        person: Person,
        property: PropertyId,
        role: Role,
        now: Timestamp,
    ) -> Result<Account, Fault> {
        let password = made_up_password().map_err(|refusal| Fault::Failed(refusal.message))?;
        let account = Account {
            id: AgentId(Uuid::now_v7()),
            property,
            email: person.email,
            name: person.name,
            role,
            disabled: false,
            password_hash: self
                .hasher
                .hash(password)
                .await
                .map_err(|refusal| Fault::Failed(refusal.message))?,
            must_change: false,
            second_factor: false,
            single_sign_on: true,
            created_at: now,
            updated_at: now,
        };
        let added = self.db.add_identity(self.issuer, &person.subject, account.clone()).await;
        added.map_err(|error| match error {
            WriteError::Taken => Fault::Taken,
            error => Fault::Failed(error.to_string()),
        })?;
        let (target, detail) =
            (format!("agent:{}", account.id), format!("{} by single sign-on", role.name()));
        self.audit
            .record_detail(&Actor::owner(&account, self.address), Action::AgentAdded, target, detail)
            .await;
        Ok(account)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: StoreError) -> Fault {
    Fault::Failed(error.to_string())
}
