use super::name::Name;

/// A place of the values whose entries become objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `controllers`.
    Controllers,
    /// `service`.
    Service,
    /// `ingress`.
    Ingress,
    /// `route`.
    Route,
    /// `serviceMonitor`.
    ServiceMonitor,
    /// `networkpolicies`.
    NetworkPolicies,
    /// `persistence`, the claims that the chart makes.
    Persistence,
    /// `configMaps`.
    ConfigMaps,
    /// `configMapsFromFolder`; the identifier is the folder. Only those that
    /// `configMapsOverrides` names follow from the values.
    ConfigMapsFromFolder,
    /// `secrets`.
    Secrets,
    /// The static tokens of accounts; the identifier is `<account>-sa-token`. Nothing in the values
    /// names them.
    Tokens,
    /// `rawResources`.
    RawResources,
    /// `rbac.roles`.
    Roles,
    /// `rbac.bindings`.
    Bindings,
    /// `serviceAccount`; in 3.x the identifier is `default`, or the key under
    /// `extraServiceAccounts`.
    ServiceAccount,
}

impl Section {
    /// All of them.
    pub const ALL: [Section; 15] = [
        Section::Controllers,
        Section::Service,
        Section::Ingress,
        Section::Route,
        Section::ServiceMonitor,
        Section::NetworkPolicies,
        Section::Persistence,
        Section::ConfigMaps,
        Section::ConfigMapsFromFolder,
        Section::Secrets,
        Section::Tokens,
        Section::RawResources,
        Section::Roles,
        Section::Bindings,
        Section::ServiceAccount,
    ];

    /// The keys to the mapping of its entries, as 4.x has it; none for what stands nowhere.
    pub fn path(self) -> &'static [&'static str] {
        match self {
            Section::Controllers => &["controllers"],
            Section::Service => &["service"],
            Section::Ingress => &["ingress"],
            Section::Route => &["route"],
            Section::ServiceMonitor => &["serviceMonitor"],
            Section::NetworkPolicies => &["networkpolicies"],
            Section::Persistence => &["persistence"],
            Section::ConfigMaps => &["configMaps"],
            Section::ConfigMapsFromFolder => &["configMapsFromFolder", "configMapsOverrides"],
            Section::Secrets => &["secrets"],
            Section::Tokens => &[],
            Section::RawResources => &["rawResources"],
            Section::Roles => &["rbac", "roles"],
            Section::Bindings => &["rbac", "bindings"],
            Section::ServiceAccount => &["serviceAccount"],
        }
    }
}

/// An object that the chart makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where it comes from.
    pub section: Section,
    /// Its key there.
    pub identifier: String,
    /// Its kind; `None` where the values leave it open, or name one that the chart does not know.
    pub kind: Option<String>,
    /// Its name.
    pub name: Name,
}

/// The names that several objects of a kind have: Helm would apply one over the other.
pub fn clashes(objects: &[Object]) -> Vec<(&str, &str)> {
    let known = objects.iter().filter_map(|object| Some((object.kind.as_deref()?, object.name.as_deref().ok()?)));
    let mut names: Vec<_> = known.collect();
    names.sort_unstable();
    let mut clashes: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    clashes.dedup();
    clashes
}
