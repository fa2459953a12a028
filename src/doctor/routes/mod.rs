//! Routes of the Gateway API, Gateways and Ingresses: what they say is read, and they lead to a Service
//! (`docs/doctor.md#routes`).

mod annotations;
mod backends;
mod gateways;
mod grants;
mod ingresses;
mod objects;
mod parents;
mod paths;
mod policies;
mod services;
mod stated;
mod traefik;

use self::objects::Objects;
use super::makers::Makers;
use crate::finding::Finding;
use crate::flux::View;

pub(super) fn findings(view: &View, makers: &Makers<'_>) -> Vec<Finding> {
    let objects = Objects::of(view);
    let services = services::Services::of(&objects, makers);
    let routes = stated::routes(&objects);
    let mut found = annotations::findings(view, &routes);
    found.extend(paths::findings(&routes));
    found.extend(backends::findings(&services, &routes));
    let gateways = gateways::Gateways::of(&objects);
    found.extend(parents::findings(makers, &gateways, &routes));
    found.extend(grants::findings(&objects, makers, &gateways, &routes));
    found.extend(policies::findings(&objects, makers));
    found.extend(traefik::findings(&objects, &gateways));
    found.extend(ingresses::findings(&objects, makers, &services));
    found
}
