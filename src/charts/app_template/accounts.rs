//! Service accounts: which the chart creates, which each pod uses, and how 4.x has to state them
//! (`docs/app-template.md#service-accounts`).

use super::items::{Item, as_it_is, enabled, items_that, switch, text};
use super::name::{Name, Unknown, Why};
use super::names::{account_v3, accounts_v4, extra_accounts_v3, name_v4, own_account_v3, siblings_v4, token_v3};
use super::restore::{Pin, Tokens, pin};
use super::{Chart, Section, Version};
use crate::flux::Value;

/// An account that the chart creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the values call it: in 3.x `default`, or the key under `extraServiceAccounts`; in 4.x
    /// the key.
    pub identifier: String,
    /// Whether it is one of `extraServiceAccounts` in 3.x. Its key may be `default`, too.
    pub is_extra: bool,
    /// Its name.
    pub name: Name,
}

/// The account that the pods of a controller use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodAccount {
    /// The controller.
    pub controller: String,
    /// The name that the pods ask for.
    pub name: Name,
}

/// How a controller, or a subject, states its account in 4.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Not at all: there are no accounts, it uses `default`, and it states none so far.
    Nothing,
    /// `identifier: ...`: one that the chart creates.
    Identifier(String),
    /// `name: ...`: one that is made elsewhere.
    Name(String),
    /// It is unknown.
    Unknown(Unknown),
}

/// The account of a subject of a binding that 3.x looked up by its identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectAccount {
    /// The binding, by its key under `rbac.bindings`.
    pub binding: String,
    /// Which of its subjects, from 0.
    pub subject: usize,
    /// What it says in 3.x.
    pub was: String,
    /// What it has to say. A name stands with kind ServiceAccount and the release's namespace.
    pub now: Statement,
}

/// An account of 3.x, under a key of 4.x.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedAccount {
    /// Its identifier in 3.x.
    pub was: String,
    /// Whether it is one of `extraServiceAccounts` in 3.x.
    pub is_extra: bool,
    /// Whether 3.x makes a Secret with a static token for it. An extra account called `default`
    /// takes the one of `serviceAccount` itself.
    pub has_token: bool,
    /// What 3.x calls that Secret among the secrets.
    pub token: String,
    /// Its key under `serviceAccount`.
    pub identifier: String,
    /// The name that it has and keeps.
    pub name: Name,
    /// What keeps it.
    pub pin: Pin,
}

/// The accounts of 3.x values as 4.x has to state them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyedAccounts {
    /// What becomes of `serviceAccount`; without any, the key is removed.
    pub accounts: Vec<KeyedAccount>,
    /// What each enabled controller has to state.
    pub controllers: Vec<(String, Statement)>,
    /// What each subject that names an identifier has to state.
    pub subjects: Vec<SubjectAccount>,
}

const DEFAULT: &str = "default";

impl<'v> Chart<'v> {
    /// The accounts that the chart creates.
    pub fn accounts(&self) -> Vec<Account> {
        let account =
            |item: &Item<'v>, is_extra, name| Account { identifier: item.identifier.to_owned(), is_extra, name };
        if self.version.is_before_4() {
            let of_3 = |item: Item<'v>, is_extra| account(&item, is_extra, account_v3(self, &item));
            let extra = extra_accounts_v3(self).into_iter().map(|item| of_3(item, true));
            return own_account_v3(self).map(|item| of_3(item, false)).into_iter().chain(extra).collect();
        }
        let several = siblings_v4(self, Section::ServiceAccount);
        accounts_v4(self).iter().map(|item| account(item, false, name_v4(self, item, several))).collect()
    }

    /// The account of the pods of each enabled controller.
    pub fn pod_accounts(&self) -> Vec<PodAccount> {
        let controllers = enabled(self.section(Section::Controllers));
        let account = |item: &Item<'v>| PodAccount {
            controller: item.identifier.to_owned(),
            name: item.identifier().and_then(|_| self.pod_account(item.values)),
        };
        controllers.iter().map(account).collect()
    }

    fn pod_account(&self, controller: &Value) -> Name {
        // Controllers state accounts from 3.5.0.
        let stated = controller.get("serviceAccount").filter(|_| self.version >= Version::v3(5, 0));
        if let Some(stated @ Value::Mapping(_)) = stated {
            if stated.get("identifier").is_some() {
                let identifier = text(stated, "identifier")?.unwrap_or_default();
                return self.account_of(identifier);
            }
            if stated.get("name").is_some() {
                return Ok(as_it_is(text(stated, "name")?.unwrap_or_default())?.to_owned());
            }
        }
        match self.version {
            Version::V2 | Version::V3(_) => self.default_account(),
            Version::V4_0 => Ok(DEFAULT.to_owned()),
            Version::V4_1 if stated.is_some() => Ok(DEFAULT.to_owned()),
            Version::V4_1 => match accounts_v4(self).as_slice() {
                [] => Ok(DEFAULT.to_owned()),
                // The identifier, not the name: a bug of 4.1 to 5.0.
                [one] => Ok(one.identifier()?.to_owned()),
                several => {
                    let open = several.iter().find(|item| !item.is_certain);
                    Err(Unknown::new("serviceAccount", if open.is_some() { Why::Switch } else { Why::Account }))
                }
            },
        }
    }

    /// What pods of 3.x use that state nothing.
    fn default_account(&self) -> Name {
        let Some(values) = self.section(Section::ServiceAccount) else { return Ok(DEFAULT.to_owned()) };
        let create = switch(values.get("create"), false);
        let enforces = match self.version {
            version if version < Version::v3(5, 0) => Some(false),
            // It always does what was a choice later.
            version if version == Version::v3(5, 0) => Some(true),
            _ => switch(self.values.get("enforceServiceAccountCreation"), false),
        };
        let unsure = |what| Err(Unknown::new(what, Why::Switch));
        let named = || account_v3(self, &Item { identifier: DEFAULT, values, is_certain: true });
        match (create, enforces) {
            (Some(true), _) => named(),
            (_, None) => unsure("enforceServiceAccountCreation"),
            (Some(false), Some(true)) => Ok(DEFAULT.to_owned()),
            (None, Some(true)) => unsure("serviceAccount.create"),
            // The name counts even where the account is made elsewhere.
            (create, Some(false)) => match (text(values, "name")?, create) {
                (Some(_), _) => named(),
                (None, Some(false)) => Ok(DEFAULT.to_owned()),
                (None, _) => unsure("serviceAccount.create"),
            },
        }
    }

    /// The name of the account with an identifier, as controllers and subjects look it up.
    pub fn account_of(&self, identifier: &str) -> Name {
        as_it_is(identifier)?;
        let unknown = || Unknown::new(identifier, Why::Account);
        if !self.version.is_before_4() {
            let found = self.accounts().into_iter().find(|account| account.identifier == identifier);
            return found.ok_or_else(unknown)?.name;
        }
        if identifier == DEFAULT {
            return match self
                .section(Section::ServiceAccount)
                .map(|values| (values, switch(values.get("create"), false)))
            {
                Some((values, Some(true))) => account_v3(self, &Item { identifier, values, is_certain: true }),
                // Nobody creates it: its name all the same, else the namespace's own.
                Some((values, create)) => match (text(values, "name")?, create) {
                    (None, None) => Err(Unknown::new("serviceAccount.create", Why::Switch)),
                    (None, _) => Ok(DEFAULT.to_owned()),
                    (Some(name), _) => Ok(as_it_is(name)?.to_owned()),
                },
                None => Ok(DEFAULT.to_owned()),
            };
        }
        // Created or not, it has a name.
        let extra = items_that(self.values.at(&["serviceAccount", "extraServiceAccounts"]), |_| Some(true));
        let found = extra.into_iter().find(|item| item.identifier == identifier);
        account_v3(self, &found.ok_or_else(unknown)?)
    }

    /// How 4.x has to state the accounts of these values of 3.x, so that every pod keeps its
    /// account and every account its name.
    pub fn keyed_accounts(&self, to: Version, tokens: Tokens) -> KeyedAccounts {
        let created = self.accounts();
        let own_key = own_key(&created, tokens);
        let key = |account: &Account| if account.is_extra { account.identifier.clone() } else { own_key.clone() };
        let shares_key = created.iter().any(|account| account.is_extra && account.identifier == DEFAULT);
        let keyed = Value::Mapping(created.iter().map(|account| (key(account), Value::Mapping(Vec::new()))).collect());
        let values = Value::Mapping(
            [("serviceAccount", Some(keyed)), ("global", self.values.get("global").cloned())]
                .into_iter()
                .chain([("fullnameOverride", self.values.get("fullnameOverride").cloned())])
                .filter_map(|(key, value)| Some((key.to_owned(), value?)))
                .collect(),
        );
        let then = Chart { version: to, values: &values, ..*self };
        let account = |account: &Account| KeyedAccount {
            was: account.identifier.clone(),
            is_extra: account.is_extra,
            has_token: account.is_extra || !shares_key,
            token: token_v3(self.version, &account.identifier),
            identifier: key(account),
            name: account.name.clone(),
            pin: pin(&then, Section::ServiceAccount, &key(account), &account.name),
        };
        let accounts: Vec<KeyedAccount> = created.iter().map(account).collect();
        let state = |name: Name, nothing: bool| match name {
            Err(unknown) => Statement::Unknown(unknown),
            Ok(name) if nothing && accounts.is_empty() && name == DEFAULT => Statement::Nothing,
            Ok(name) => match accounts.iter().find(|account| account.name.as_ref() == Ok(&name)) {
                Some(account) => Statement::Identifier(account.identifier.clone()),
                None => Statement::Name(name),
            },
        };
        // Before 3.5.0 this does nothing, and in 4.x it would.
        let states = |controller: &str| self.values.at(&["controllers", controller, "serviceAccount"]).is_some();
        let controllers = self.pod_accounts().into_iter().map(|pod| {
            let nothing = !states(&pod.controller);
            (pod.controller, state(pod.name, nothing))
        });
        let subjects = self.looked_up_subjects().into_iter().map(|(binding, subject, was)| {
            let now = state(self.account_of(&was), false);
            SubjectAccount { binding, subject, was, now }
        });
        KeyedAccounts { controllers: controllers.collect(), subjects: subjects.collect(), accounts: accounts.clone() }
    }

    /// The subjects of bindings that name an identifier.
    fn looked_up_subjects(&self) -> Vec<(String, usize, String)> {
        let bindings = enabled(self.section(Section::Bindings));
        let subjects = bindings.iter().flat_map(|binding| {
            let subjects = binding.values.get("subjects").map(Value::items).unwrap_or_default();
            let named =
                subjects.iter().enumerate().filter_map(|(n, subject)| Some((n, subject.text_at(&["identifier"])?)));
            named.map(|(n, was)| (binding.identifier.to_owned(), n, was.to_owned()))
        });
        subjects.collect()
    }
}

/// The key in 4.x of the account that stands in `serviceAccount` itself. Extra accounts keep their
/// keys.
///
/// The account is called by its own name where it can be: it reads best, and what 4.1 takes for the
/// name of the only account is then its name. Where its token is kept it stays `default`, because
/// the name of the token holds that.
fn own_key(created: &[Account], tokens: Tokens) -> String {
    let is_taken = |key: &str| created.iter().any(|account| account.is_extra && account.identifier == key);
    let account = created.iter().find(|account| !account.is_extra);
    let name = account.and_then(|account| account.name.clone().ok());
    // An extra account called `default` takes the token, so that there is none to keep.
    let by_name = name.filter(|_| tokens == Tokens::Dropped || is_taken(DEFAULT));
    let numbered = (2..).map(|number| format!("{DEFAULT}-{number}"));
    let mut keys = by_name.into_iter().chain([DEFAULT.to_owned()]).chain(numbered);
    keys.find(|key| !is_taken(key)).expect("there are more numbers than accounts")
}
