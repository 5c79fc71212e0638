//! Which pages show the same thing: whoever has opened one need not be told of the others.

/// Places where one thing is shown, with `*` for its id.
const SAME: [&[&str]; 4] = [
    &["/tasks/*", "/steps/*", "/console/steps/*", "/console/steps/*/review", "/console/steps/*/meeting"],
    &["/runs/*", "/console/runs/*"],
    &["/records/*", "/console/records/*"],
    &["/messages/*"],
];

/// The addresses that notices may have led to, where this page shows what they are about. Only the page itself where nothing else does.
pub(crate) fn addresses_of(path: &str) -> Vec<String> {
    for places in SAME {
        if let Some(id) = places.iter().find_map(|place| id_in(place, path)) {
            return places.iter().map(|place| place.replace('*', id)).collect();
        }
    }
    vec![path.to_owned()]
}

/// What stands at the `*` of a place.
fn id_in<'a>(place: &str, path: &'a str) -> Option<&'a str> {
    let (before, after) = place.split_once('*')?;
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_the_same_wherever_it_is_opened() {
        let expected = [
            "/tasks/7",
            "/steps/7",
            "/console/steps/7",
            "/console/steps/7/review",
            "/console/steps/7/meeting",
        ];
        for path in expected {
            assert_eq!(addresses_of(path), expected, "{path}");
        }
        assert_eq!(addresses_of("/runs/1"), ["/runs/1", "/console/runs/1"]);
        assert_eq!(addresses_of("/messages/1"), ["/messages/1"]);
        for own in ["/", "/tasks", "/tasks/", "/tasks/7/sign", "/files/1"] {
            assert_eq!(addresses_of(own), [own]);
        }
    }
}
