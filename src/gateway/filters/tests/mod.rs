mod access;
mod headers;
mod paths;
mod random;

use super::*;
use crate::gateway::testing::value;

/// The Middlewares of the tests: name to spec, all in `network`.
fn tree(specs: &str) -> Middlewares {
    let specs = value(specs);
    specs.entries().iter().map(|(name, spec)| (("network".to_owned(), name.clone()), spec.clone())).collect()
}

/// A route on HTTPS in `network`, of the host `www.example.org`.
struct Route {
    hosts: Vec<String>,
    path: Option<PathMatch>,
    listens: Listens,
    substitutes: bool,
    limits_are_mapped: bool,
    is_traefik: bool,
    namespace: &'static str,
    configured: AllConfigured,
}

impl Default for Route {
    fn default() -> Route {
        Route {
            hosts: vec!["www.example.org".to_owned()],
            path: None,
            listens: Listens::Https,
            substitutes: false,
            limits_are_mapped: false,
            is_traefik: false,
            namespace: "network",
            configured: AllConfigured::new(),
        }
    }
}

impl Route {
    fn configured(id: &str, configured: Configured) -> Route {
        Route { configured: [(id.to_owned(), configured)].into(), ..Route::default() }
    }

    /// What a list of middlewares becomes, as an annotation names them.
    fn filters(&self, specs: &str, list: &str) -> Result<Filters, Refusal> {
        self.asked(specs, list, filters_of)
    }

    /// What a function says about a list of middlewares.
    fn asked<T>(&self, specs: &str, list: &str, ask: impl Fn(&[MiddlewareName], &Surroundings<'_>) -> T) -> T {
        let middlewares = tree(specs);
        let around = Surroundings {
            namespace: self.namespace,
            hosts: &self.hosts,
            path: self.path.as_ref(),
            listens: self.listens,
            substitutes: self.substitutes,
            limits_are_mapped: self.limits_are_mapped,
            is_traefik: self.is_traefik,
            middlewares: &middlewares,
            configured: &self.configured,
        };
        ask(&MiddlewareName::of_annotation(list, &middlewares), &around)
    }

    /// The filters of one middleware `m`, as YAML.
    fn one(&self, spec: &str) -> Result<Value, (RefusalKind, String)> {
        let made = self.filters(&format!("m: {spec}"), "network-m@kubernetescrd");
        made.map(|made| Value::Sequence(made.filters)).map_err(|refusal| (refusal.kind, refusal.message))
    }

    fn refused(&self, spec: &str) -> RefusalKind {
        self.one(spec).expect_err(spec).0
    }
}
